/**
 * The files that are loaded together with a test file: what it imports, and what the project's test
 * script loads before it. Read as text, and never further than a bound.
 */
import { dirname, resolve } from 'node:path';
import type { Files } from './files.ts';
import { fileNamed, manifestIn, resolveImport } from './resolve.ts';
import { slicedFile, slicedFiles, type SlicedFile } from './slice.ts';

const RUNS_TESTS = /(?:^|\s)--test(?=\s|$)|\bborp\b/;
const LOADS = /^(?:--import|--require|-r)$/;
const SOURCE = /^[^-*?{}[\]]+\.[cm]?[jt]sx?$/;
/** Imports of files that the text does not name: those that it finds. */
const LOADS_FOUND_FILES = /\b(?:import|require)\s*\(\s*[^'"`\s)]/;
const MOST_FILES = 64;

export function importsOf(files: Files, file: string): string[] {
  return resolved(files, file, files.read(file, slicedFiles)?.modules ?? []);
}

function resolved(files: Files, file: string, modules: readonly string[]): string[] {
  return modules.flatMap((module) => resolveImport(files, file, module) ?? []);
}

/** By every manifest around the file: what its scripts preload, and the one file that runs all others. */
export function loadedByTestScripts(files: Files, file: string): string[] {
  const loaded: string[] = [];
  for (const { folder, script } of testScripts(files, file)) {
    loaded.push(...loadedBy(files, folder, script));
  }
  return loaded;
}

/** Whether a test script of the project says this. */
export function isSaidByTestScripts(files: Files, file: string, words: RegExp): boolean {
  for (const { script } of testScripts(files, file)) if (words.test(script)) return true;
  return false;
}

/**
 * Whether any file that is loaded with this one, but that one, says it; also where too many are.
 *
 * @param text what the file says now, saved or not
 */
export function mayBeSaidByLoaded(
  files: Files,
  file: string,
  text: string,
  says: (text: string) => boolean,
  except: string,
): boolean {
  const pending = [
    ...resolved(files, file, slicedFile(text).modules),
    ...loadedByTestScripts(files, file),
  ];
  const seen = new Set([file]);
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const loaded = files.read(path, slicedFiles);
    if (seen.size > MOST_FILES || !loaded || loadsFoundFiles(loaded)) return true;
    if (path !== except && says(loaded.text)) return true;
    pending.push(...importsOf(files, path));
  }
  return false;
}

function* testScripts(
  files: Files,
  file: string,
): Iterable<{ readonly folder: string; readonly script: string }> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    for (const script of manifestIn(files, folder)?.scripts ?? []) {
      if (RUNS_TESTS.test(script)) yield { folder, script };
    }
    if (folder === dirname(folder)) return;
  }
}

function loadedBy(files: Files, folder: string, script: string): string[] {
  const words = script.split(/[\s"'=;&|]+/);
  const fileOf = (word = ''): string | undefined =>
    SOURCE.test(word) ? fileNamed(files, resolve(folder, word)) : undefined;
  const preloads = words.flatMap((word, index) =>
    LOADS.test(word) ? (fileOf(words[index + 1]) ?? []) : [],
  );
  const run = words.flatMap((word, index) =>
    LOADS.test(words[index - 1] ?? '') ? [] : (fileOf(word) ?? []),
  );
  return [...preloads, ...run.filter((each) => loadsFoundFiles(files.read(each, slicedFiles)))];
}

function loadsFoundFiles(file: SlicedFile | undefined): boolean {
  return file !== undefined && LOADS_FOUND_FILES.test(file.text);
}
