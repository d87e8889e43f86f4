/** Which file does a relative import mean, in ES modules, CommonJS and TypeScript alike? */
import { dirname, join, resolve } from 'node:path';
import { keeping, type Files } from './files.ts';

/** The fields of a `package.json` that say what it is and where it begins. */
export interface Manifest {
  readonly name: string | undefined;
  readonly main: string | undefined;
  readonly module: string | undefined;
  readonly exports: unknown;
  /** The commands of its scripts. */
  readonly scripts: readonly string[];
}

const EXTENSIONS = ['.js', '.ts', '.mjs', '.cjs', '.mts', '.cts', '.tsx', '.jsx'];
/** What TypeScript writes `.js` for. */
const WRITTEN_FOR: ReadonlyMap<string, readonly string[]> = new Map([
  ['js', ['.ts', '.tsx']],
  ['jsx', ['.tsx']],
  ['mjs', ['.mts']],
  ['cjs', ['.cts']],
]);

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') && /^\.\.?(?:$|[/\\])/.test(specifier);
}

/** A folder within the package that a relative specifier leads to, as the specifier alone tells. */
export function placeOf(importer: string, specifier: string): string {
  const target = resolve(dirname(importer), specifier.split(/[?#]/, 1)[0] ?? '');
  return /\.[cm]?[jt]sx?$/.test(target) ? dirname(target) : target;
}

/** The file of source code that `specifier` means in `importer`; undefined when there is none. */
export function resolveImport(
  files: Files,
  importer: string,
  specifier: string,
): string | undefined {
  if (!isRelative(specifier)) return undefined;
  const [path = ''] = specifier.split(/[?#]/);
  const target = resolve(dirname(importer), path);
  return (
    (/[/\\]$|(?:^|[/\\])\.\.?$/.test(path) ? undefined : fileNamed(files, target)) ??
    indexOf(files, target)
  );
}

/** A path without its extension: what all files that it may mean begin with. */
export function stemOf(path: string): string {
  return /^(.*)\.\w+$/s.exec(path)?.[1] ?? path;
}

/** The file itself, what it is written for, or the same with an extension. */
export function fileNamed(files: Files, target: string): string | undefined {
  const [, stem = target, extension = ''] = /^(.*)\.(\w+)$/s.exec(target) ?? [];
  const isSource = EXTENSIONS.includes(`.${extension}`);
  return [
    ...(isSource ? [target] : []),
    ...(WRITTEN_FOR.get(extension) ?? []).map((written) => stem + written),
    ...EXTENSIONS.map((added) => target + added),
  ].find((candidate) => files.isFile(candidate));
}

function indexOf(files: Files, folder: string): string | undefined {
  const main = manifestIn(files, folder)?.main;
  const named = main === undefined ? undefined : join(folder, main);
  return (
    (named === undefined
      ? undefined
      : (fileNamed(files, named) ?? fileNamed(files, join(named, 'index')))) ??
    fileNamed(files, join(folder, 'index'))
  );
}

const manifests = keeping(manifestFrom);

/** The manifest of a folder that is a package. */
export function manifestIn(files: Files, folder: string): Manifest | undefined {
  return files.read(join(folder, 'package.json'), manifests);
}

function manifestFrom(json: string): Manifest | undefined {
  const value = parsed(json);
  if (typeof value !== 'object' || value === null) return undefined;
  const field = (name: string): string | undefined => {
    const given: unknown = Reflect.get(value, name);
    return typeof given === 'string' ? given : undefined;
  };
  return {
    name: field('name'),
    main: field('main'),
    module: field('module'),
    exports: Reflect.get(value, 'exports'),
    scripts: textsIn(Reflect.get(value, 'scripts')),
  };
}

function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter((each) => typeof each === 'string');
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
