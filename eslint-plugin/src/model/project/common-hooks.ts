/**
 * Hooks around the tests of a file that do not stand in it, but in what the project's test script
 * loads or in what the file imports. Read as text: the answer only makes a rule silent.
 */
import { keeping, type Files } from './files.ts';
import { importsOf, loadedByTestScripts } from './loaded-files.ts';

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
const MOST_FILES = 16;

const hookFiles = keeping((text) => {
  const hooks = text.match(HOOKS) ?? [];
  return {
    mentionsPuttingBack: (state: CommonState) => PUTS_BACK[state].test(text),
    putsBack: (state: CommonState) => hooks.some((hook) => PUTS_BACK[state].test(hook)),
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
