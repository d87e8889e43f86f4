/**
 * What the rules of a preset say about one file, without an ESLint config of the user's. Reads
 * nothing from disk.
 */
import type { Preset } from '@savepoint/catalogue';
import { Linter, SourceCode } from 'eslint';
import plugin from 'eslint-plugin-savepoint';
import { parse } from 'node:path';
import { CliError } from '../cli-error.ts';
import { languagesOf } from './language.ts';
import type { SourceFile } from './source-file.ts';

/** A place in a file, and what is said of it; lines and columns count from 1. */
export interface Remark {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A hazard at a place. */
export interface Finding extends Remark {
  readonly id: string;
}

/** What the linter makes of a file. One that does not parse was not checked: it is not clean. */
export type Verdict =
  | { readonly is: 'checked'; readonly findings: readonly Finding[] }
  | { readonly is: 'unparsable'; readonly reason: Remark };

const PREFIX = 'savepoint/';
const GLOBALS: Linter.Globals = {
  ...Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
  require: 'readonly',
  module: 'writable',
  exports: 'writable',
};

/**
 * Comments that disable our rules are honoured; what a comment asks of other rules is left out.
 *
 * @param settings what stands in `settings.savepoint`, see the plugin's README
 * @throws CliError when a rule refuses the settings or fails
 */
export async function lint(file: SourceFile, preset: Preset, settings: unknown): Promise<Verdict> {
  const [first, ...others] = await languagesOf(file.path);
  let verdict = verdictOn(file, configOf(preset, settings, first));
  for (const language of others) {
    if (verdict.is === 'checked') break;
    verdict = verdictOn(file, configOf(preset, settings, language));
  }
  return verdict;
}

function configOf(
  preset: Preset,
  settings: unknown,
  language: Linter.LanguageOptions,
): Linter.Config[] {
  return [
    // A named file is checked wherever it lies; ESLint would leave these out.
    { ignores: ['!**/node_modules/', '!**/.git/'] },
    {
      files: ['**/*.*'],
      ...plugin.configs[preset],
      settings: settings === undefined ? {} : { savepoint: settings },
      languageOptions: { ...language, globals: GLOBALS },
      // The user's comments for other linters are not ours to judge.
      linterOptions: { reportUnusedDisableDirectives: 'off', reportUnusedInlineConfigs: 'off' },
    },
  ];
}

function verdictOn(file: SourceFile, config: Linter.Config[]): Verdict {
  // ESLint leaves out what is not below its working directory; every file is below the root.
  const linter = new Linter({ cwd: parse(file.path).root });
  const messages = verify(linter, file, config);
  // A comment that ESLint cannot read is fatal too, but then there is source code, and it was checked.
  const fatal = messages.find((message) => message.fatal);
  if (fatal && !hasParsed(linter)) {
    const message = fatal.message.replace(/^Parsing error: /, '');
    return { is: 'unparsable', reason: { line: fatal.line, column: fatal.column, message } };
  }
  const findings = messages.flatMap(({ ruleId, line, column, message }) =>
    ruleId?.startsWith(PREFIX) ? [{ id: ruleId.slice(PREFIX.length), line, column, message }] : [],
  );
  return { is: 'checked', findings };
}

function verify(linter: Linter, file: SourceFile, config: Linter.Config[]): Linter.LintMessage[] {
  try {
    return linter.verify(file.text, config, { filename: file.path });
  } catch (error) {
    const [message] = (error as Error).message.split('\n');
    throw new CliError('ERR_SAVEPOINT_RULE', `${file.path} cannot be checked: ${message ?? ''}`, {
      cause: error,
    });
  }
}

/** ESLint's type promises source code that is not there when parsing failed. */
function hasParsed(linter: Linter): boolean {
  return (linter.getSourceCode() as unknown) instanceof SourceCode;
}
