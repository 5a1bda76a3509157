/**
 * Bundles lib/ into dist/ for `npm run build:js`, because Node takes half a millisecond and more for each module. What
 * `import()` asks for stays in a file of its own. All files lie in dist/ itself: `native.ts` finds the package's root
 * from where it is. `quern/kernels` is built apart: what it has in common with the rest keeps no state but that of the
 * addon, which is the process's, and would be one more file to load. Not minified, so that stack traces say where they
 * are; with `node --enable-source-maps` they say it in lib/.
 */
import { writeFileSync } from 'node:fs';
import { build, type BuildOptions } from 'esbuild';

const options: BuildOptions = {
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  keepNames: true,
  sourcemap: true,
  logLevel: 'warning',
};

/**
 * Functions and classes whose names esbuild changed (two modules may have one of the same name) get them back as they
 * are loaded. It does that for the many others too, which takes 2 ms; their lines are left empty, so that source maps
 * stay right.
 */
function withoutNeedlessNaming(code: string): string {
  return code.replace(/^ *__name\((\w+), "\1"\);$/gm, '')
    .replace(/^(var (\w+) = class(?: extends \S+)? \{\n) {2}static \{\n {4}__name\(this, "\2"\);\n {2}\}$/gm, '$1\n\n');
}

/**
 * V8 keeps a file of which one character is beyond ASCII in two bytes a character, which makes it take longer to read,
 * to parse and to collect. esbuild escapes such characters in strings; what is left are comments.
 */
function inAscii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

for (const entryPoint of ['lib/index.ts', 'lib/kernels.ts']) {
  const { outputFiles } = await build({ ...options, entryPoints: [entryPoint], write: false });
  for (const { path, text } of outputFiles) {
    writeFileSync(path, path.endsWith('.js') ? inAscii(withoutNeedlessNaming(text)) : text);
  }
}
