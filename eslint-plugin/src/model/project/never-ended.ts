/**
 * Does anybody end what a file of the project keeps, while a test file that uses it is loaded? Read as
 * text: whoever may, by a word, is taken to do so.
 */
import type { Files } from './files.ts';
import { isSaidByTestScripts, mayBeSaidByLoaded } from './loaded-files.ts';
import { slicedFiles } from './slice.ts';

export interface KeptElsewhere {
  /** What the test file calls it, or the function that answers it. */
  readonly name: string;
  /** What the file that keeps it calls it. */
  readonly variable: string;
  readonly releasedBy: readonly string[];
}

/** What a function is named that ends something. */
export const ENDS =
  /close|end|stop|shut|destroy|dispose|disconnect|teardown|drain|clean|reset|release/i;
/** The process is told to end, or the sandboxes of the preload see to it that the pool opens nothing. */
const HOLDS_NOTHING_UP = /--test-force-exit\b|\bsavepoint\/rollback\b/;

/** The functions beside it that end it, when nothing that is loaded does; undefined when something may. */
export function endersOfNeverEnded(
  files: Files,
  file: string,
  text: string,
  keeper: string,
  { name, variable, releasedBy }: KeptElsewhere,
): string[] | undefined {
  const enders = (files.read(keeper, slicedFiles)?.statements() ?? []).flatMap(
    ({ declares, says }) =>
      says(variable) ? [...declares].filter((declared) => ENDS.test(declared)) : [],
  );
  const ends = saysAnyOf(enders);
  const names = saysAnyOf([name]);
  const releases = new RegExp(`\\.(?:${anyOf(releasedBy)})\\b`);
  const mayBeEnded =
    ends(text) ||
    isSaidByTestScripts(files, file, HOLDS_NOTHING_UP) ||
    mayBeSaidByLoaded(
      files,
      file,
      text,
      (other) => ends(other) || (names(other) && releases.test(other)),
      keeper,
    );
  return mayBeEnded ? undefined : enders;
}

function saysAnyOf(names: readonly string[]): (text: string) => boolean {
  const words = new RegExp(`(?<![\\w$])(?:${anyOf(names)})(?![\\w$])`);
  return (text) => names.length > 0 && words.test(text);
}

function anyOf(names: readonly string[]): string {
  return names.join('|').replaceAll('$', '\\$');
}
