/** `savepoint check`: the linter's rules alone, over named files, the project's tests, or a commit. */
import type { Preset } from '@savepoint/catalogue';
import { CliError } from '../cli-error.ts';
import { EXIT_CODE, type ExitCode } from '../exit-code.ts';
import { readNamed } from './disk-files.ts';
import { lint } from './lint.ts';
import { report, type CheckedFile, type Format } from './report.ts';
import { settingsFor } from './settings.ts';
import { shownPath, type SourceFile } from './source-file.ts';
import { stagedFiles } from './staged-files.ts';
import { isTestFile } from './test-file.ts';

export interface CheckOptions {
  readonly staged?: true;
  readonly preset: Preset;
  readonly format: Format;
}

/**
 * Checks and prints the report to stdout.
 *
 * @param named files and folders; none: the test files of the current folder
 * @throws CliError when there is nothing to check or it cannot be read
 */
export async function check(named: readonly string[], options: CheckOptions): Promise<ExitCode> {
  const directory = process.cwd();
  const checked: CheckedFile[] = [];
  for (const file of await sources(named, options, directory)) {
    const verdict = await lint(file, options.preset, settingsFor(file.path));
    checked.push({ file: shownPath(file.path, directory), verdict });
  }
  process.stdout.write(report(checked, options.format, process.stdout));
  return exitCode(checked);
}

async function sources(
  named: readonly string[],
  { staged }: CheckOptions,
  directory: string,
): Promise<SourceFile[]> {
  if (!staged) return readNamed(named.length > 0 ? named : ['.'], directory);
  if (named.length > 0) {
    throw new CliError('ERR_SAVEPOINT_USAGE', '--staged checks what is staged; it takes no files');
  }
  return stagedFiles(directory, isTestFile);
}

/** As `grep` has it: a file that could not be checked weighs more than a hazard found in another. */
function exitCode(files: readonly CheckedFile[]): ExitCode {
  if (files.some(({ verdict }) => verdict.is === 'unparsable')) return EXIT_CODE.failed;
  const found = files.some(
    ({ verdict }) => verdict.is === 'checked' && verdict.findings.length > 0,
  );
  return found ? EXIT_CODE.unwelcome : EXIT_CODE.fine;
}
