/**
 * Sees CommonJS modules of packages as they are loaded, by `require` or by `import`, in whatever
 * `node_modules` they lie. What is patched this way is patched before anybody else has it.
 */
import Module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { quietly, wrap } from './wrap.ts';

/** May answer what to export instead. */
type Patch = (exported: unknown) => unknown;

const patches = new Map<string, Patch[]>();
const PACKAGE_FILE =
  /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+[\\/](?!.*[\\/]node_modules[\\/]).*)$/;
let wrapped = false;

/** Calls `patch` with what `file` exports, a path within `node_modules` such as `pg-pool/index.js`, once per copy. */
export function whenLoaded(file: string, patch: Patch): void {
  patches.set(file, [...(patches.get(file) ?? []), patch]);
  if (wrapped) return;
  wrapped = true;
  wrap(
    Module.prototype,
    '_compile',
    (original) =>
      function (this: unknown, ...args) {
        const result = original.apply(this, args);
        const inPackage = PACKAGE_FILE.exec(String(args[1]))?.[1]?.replaceAll('\\', '/');
        for (const apply of (inPackage && patches.get(inPackage)) || []) {
          quietly(() => {
            const module = this as { exports: unknown };
            module.exports = apply(module.exports) ?? module.exports;
          });
        }
        return result;
      },
  );
}

/**
 * Loads packages now that the project has: a loader such as tsx compiles what it imports by itself,
 * but takes what is already loaded. Only for packages whose loading does nothing else.
 */
export function loadEarly(packages: readonly string[]): void {
  for (const from of [join(process.cwd(), 'package.json'), process.argv[1]]) {
    if (from) for (const name of packages) tryToRequire(from, name);
  }
}

function tryToRequire(from: string, name: string): void {
  try {
    createRequire(from)(name);
  } catch {
    // The project does not have it, or cannot load it: then there is nothing to watch.
  }
}
