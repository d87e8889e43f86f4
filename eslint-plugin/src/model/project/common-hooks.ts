/**
 * Hooks around the tests of a file that do not stand in it, but in what the project's test script
 * loads or in what the file imports. Read as text: the answer only makes a rule silent.
 */
import { dirname, resolve } from 'node:path';
import { keeping, type Files } from './files.ts';
import { fileNamed, manifestIn, resolveImport } from './resolve.ts';
import { slicedFile } from './slice.ts';

/** What a hook can put back for all tests, whatever each of them has made of it. */
const PUTS_BACK = {
  environment:
    /\bassign\(\s*process\.env\b|\bprocess\.env\s*=(?!=)|\bprocess\.env\[[^\]]*\]\s*=(?!=)/,
  'working-directory': /\bchdir\(/,
  dispatcher: /\bsetGlobalDispatcher\(/,
} as const;
type CommonState = keyof typeof PUTS_BACK;

export function isCommonState(state: string): state is CommonState {
  return Object.hasOwn(PUTS_BACK, state);
}

/** A hook at the top of its file, to the line that ends it. Inside a function it is for whoever calls that. */
const HOOKS = /^(?:[\w$]+\.)?after(?:Each)?\s*(?:\?\.\s*)?\([^\n]*(?:\n(?!\}).*)*/gm;
const RUNS_TESTS = /(?:^|\s)--test(?=\s|$)|\bborp\b/;
const LOADS = /^(?:--import|--require|-r)$/;
const SOURCE = /^[^-*?{}[\]]+\.[cm]?[jt]sx?$/;
/** Imports of files that the text does not name: those that it finds. */
const LOADS_FOUND_FILES = /\b(?:import|require)\s*\(\s*[^'"`\s)]/;
const MOST_FILES = 16;

const hookFiles = keeping((text) => {
  const hooks = text.match(HOOKS) ?? [];
  return {
    mentionsPuttingBack: (state: CommonState) => PUTS_BACK[state].test(text),
    putsBack: (state: CommonState) => hooks.some((hook) => PUTS_BACK[state].test(hook)),
    loadsFoundFiles: LOADS_FOUND_FILES.test(text),
    modules: slicedFile(text).modules,
  };
});

export function putBackByCommonHooks(files: Files, file: string, state: CommonState): boolean {
  const loaded = loadedByTestScripts(files, file);
  const seen = new Set([...loaded, ...[file, ...loaded].flatMap((each) => importsOf(files, each))]);
  seen.delete(file);
  return [...seen]
    .slice(0, MOST_FILES)
    .some((each) => files.read(each, hookFiles)?.putsBack(state) ?? false);
}

/** Whether anything in a file may put this back, whenever that runs. */
export function mayBePutBackBy(files: Files, file: string, state: CommonState): boolean {
  return files.read(file, hookFiles)?.mentionsPuttingBack(state) ?? false;
}

function importsOf(files: Files, file: string): string[] {
  const modules = files.read(file, hookFiles)?.modules ?? [];
  return modules.flatMap((module) => resolveImport(files, file, module) ?? []);
}

/** By every manifest around the file: what its scripts preload, and the one file that runs all others. */
function loadedByTestScripts(files: Files, file: string): string[] {
  const loaded: string[] = [];
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    for (const script of manifestIn(files, folder)?.scripts ?? []) {
      if (RUNS_TESTS.test(script)) loaded.push(...loadedBy(files, folder, script));
    }
    if (folder === dirname(folder)) return loaded;
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
  return [
    ...preloads,
    ...run.filter((each) => files.read(each, hookFiles)?.loadsFoundFiles ?? false),
  ];
}
