/**
 * Which package does a file belong to, and is it the package's entry? Tests of a package import it
 * by a path, `../index.js`: to the model that is the package itself.
 */
import { dirname, join, sep } from 'node:path';
import type { Files } from './files.ts';
import { fileNamed, manifestIn, type Manifest } from './resolve.ts';

export interface Package {
  readonly name: string;
  /** The files that an import of its name may mean. */
  readonly entries: ReadonlySet<string>;
}

/** The closest package around a file, when its name is one that somebody asks for. */
export function packageOf(
  files: Files,
  file: string,
  isAskedFor: (name: string) => boolean,
): Package | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = manifestIn(files, folder);
    // A manifest without a name says what the files of a folder are, not whose they are.
    if (manifest?.name !== undefined) {
      return isAskedFor(manifest.name)
        ? { name: manifest.name, entries: entriesOf(files, folder, manifest) }
        : undefined;
    }
    if (folder === dirname(folder) || folder.endsWith(`${sep}node_modules`)) return undefined;
  }
}

function entriesOf(files: Files, folder: string, manifest: Manifest): Set<string> {
  const { main, module } = manifest;
  const named = [main ?? 'index', module, ...mainExports(manifest.exports)];
  const entries = new Set<string>();
  for (const name of named) {
    if (name === undefined) continue;
    for (const path of [name, join(name, 'index'), ...sourcesOf(name)]) {
      const entry = fileNamed(files, join(folder, path));
      if (entry !== undefined) entries.add(entry);
    }
  }
  return entries;
}

/** What a name of the output folder is made from: `src/index.ts` for `./dist/esm/index.js`. */
function sourcesOf(output: string): string[] {
  const source = /^(?:\.\/)?(?:dist|build|lib|out)\/(?:(?:esm|cjs)\/)?(.+)$/.exec(output)?.[1];
  return source === undefined ? [] : [`src/${source}`, source];
}

/** The files that `exports` gives for the package's own name, under whatever condition. */
function mainExports(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports];
  if (typeof exports !== 'object' || exports === null) return [];
  const paths = Object.entries(exports);
  const isByPath = paths.some(([path]) => path.startsWith('.'));
  return paths.flatMap(([path, given]) => (isByPath && path !== '.' ? [] : mainExports(given)));
}
