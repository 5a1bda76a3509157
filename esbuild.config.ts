/**
 * Bundles lib/ into dist/ for `npm run build:js`, because Node takes half a millisecond and more for each module. What
 * `import()` asks for stays in a file of its own. All files lie in dist/ itself: `native.ts` finds the package's root from
 * where it is. `quern/kernels` is built apart: what it has in common with the rest keeps no state but the addon, which
 * Node loads once, and would be one more file to load. Not minified, so that stack traces say where they are; with
 * `node --enable-source-maps` they say it in lib/.
 */
import { build, type BuildOptions } from 'esbuild';

const options: BuildOptions = {
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
};
for (const entryPoint of ['lib/index.ts', 'lib/kernels.ts']) await build({ ...options, entryPoints: [entryPoint] });
