/**
 * Which package does a file belong to, and is it the package's entry? Tests of a package import it
 * by a path, `../index.js`: to the model that is the package itself.
 */
import { dirname, join, sep } from 'node:path';
import type { Files } from './files.ts';
import { fileNamed, manifestIn, stemOf, type Manifest } from './resolve.ts';

export interface Package {
  readonly name: string;
  /** Whether an import of its name may mean this file. */
  isEntry(file: string): boolean;
}

/**
 * The closest package of a folder, or of one around it, when its name is one that somebody asks for.
 *
 * @param known the answers so far, by folder: what is imported mostly lies in a few
 */
export function packageOf(
  files: Files,
  folder: string,
  isAskedFor: (name: string) => boolean,
  known: Map<string, Package | undefined>,
): Package | undefined {
  if (known.has(folder)) return known.get(folder);
  const manifest = manifestIn(files, folder);
  const isOutermost = folder === dirname(folder) || folder.endsWith(`${sep}node_modules`);
  // A manifest without a name says what the files of a folder are, not whose they are.
  const found =
    manifest?.name === undefined
      ? isOutermost
        ? undefined
        : packageOf(files, dirname(folder), isAskedFor, known)
      : isAskedFor(manifest.name)
        ? { name: manifest.name, isEntry: entriesOf(files, folder, manifest) }
        : undefined;
  known.set(folder, found);
  return found;
}

function entriesOf(files: Files, folder: string, manifest: Manifest): Package['isEntry'] {
  const { main, module, exports } = manifest;
  const named = [
    main ?? 'index',
    ...(module === undefined ? [] : [module]),
    ...mainExports(exports),
  ];
  const paths = named
    .flatMap((name) => [name, join(name, 'index'), ...sourcesOf(name)])
    .map((path) => join(folder, path));
  // The disk is asked only where the names agree.
  return (file) =>
    paths.some((path) => file.startsWith(stemOf(path)) && fileNamed(files, path) === file);
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
