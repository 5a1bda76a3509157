/**
 * Where the addon's binary lies in nearly every installation. `node-gyp-build`, which knows all other places, takes 2 ms
 * to load and to list folders: a third of what a first `compile` takes without it.
 */

/** Where variables that only `node-gyp-build` understands ask for another binary. */
const redirections = ['PREBUILDS_ONLY', 'QUERN_PREBUILD', 'LIBC'];

/** The binary that `node-gyp-build` would find below `root`; undefined where it lies elsewhere, or may. */
export function usualBinary(root: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  // An import would have Node make a module of all of node:fs.
  const { existsSync } = process.getBuiltinModule('node:fs');
  if (redirections.some((name) => env[name])) return undefined;
  const built = `${root}build/Release/quern.node`;
  if (existsSync(built)) return built;
  if (existsSync(`${root}build/Debug`)) return undefined;
  const libc = existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
  const prebuilt = `${root}prebuilds/${process.platform}-${process.arch}/quern.${libc}.node`;
  return existsSync(prebuilt) ? prebuilt : undefined;
}
