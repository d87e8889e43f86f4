/** What can be typed after `savepoint`, and the help that says so. Does no work of its own. */
import { PRESETS, type Preset } from '@savepoint/catalogue';
import { Command, Option } from 'commander';
import { createRequire } from 'node:module';
import type { CheckOptions } from './check/check.ts';
import { FORMATS, type Format } from './check/report.ts';
import type { ExitCode } from './exit-code.ts';
import type { PruneOptions } from './prune.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

const HELP = `
Examples:
  savepoint check                       the test files of this project
  savepoint check test/users.test.ts    one file, or a folder
  savepoint check --staged              what the next commit will hold: for a git hook
  savepoint explain no-per-test-pool    a hazard: symptoms, cause, remedy, examples
  npm test 2>&1 | savepoint explain -   the hazards behind an error
  savepoint prune                       drop the databases that killed runs left

Exit codes:
  0  nothing found
  1  check: hazards found; explain: nothing matches
  2  wrong use, or something could not be done; a file that cannot be parsed counts

Environment:
  NO_COLOR, FORCE_COLOR    colours never, colours always
  SAVEPOINT_DEBUG=1        a stack with every complaint`;

const CHECK_HELP = `
Without files, the test files of the current folder are checked: those that "node --test" runs,
the same with "spec", and every script in a folder "test", "tests" or "__tests__"; TypeScript
too; without node_modules and what git ignores. A folder means its test files. A file that is
named is checked whatever its name.

A comment switches a rule off where it is wrong:
  // eslint-disable-next-line savepoint/<id> -- why it is safe here
The key "savepoint" in package.json holds what "settings.savepoint" holds in an ESLint config.`;

const EXPLAIN_HELP = `
What is given is the id of a hazard, or any part of an error message; - reads it from stdin.
Without anything, all hazards are listed.`;

const PRUNE_HELP = `
A server is named as tests name it, postgres://user@host:5432/app_test; without one, by
TEST_DATABASE_URL. Only databases that savepoint made for this role are looked at, and none that a
process holds is dropped, so this is safe while tests run. Every run does the same when it starts.
The password is better left to TEST_DATABASE_URL, PGPASSWORD or .pgpass than typed here.`;

/** The command line. @param answer told the exit code of the command that ran */
export function commandLine(answer: (exitCode: ExitCode) => void): Command {
  const program = new Command('savepoint')
    .description('Finds risky fixtures in node:test files that meet a real database.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText('after', HELP)
    .configureOutput({
      outputError: (text, write) => {
        write(complaint(text));
      },
    })
    .exitOverride();

  program
    .command('check')
    .summary('report hazards in test files; needs no ESLint config')
    .description(
      'Reports hazards in test files, by the rules of eslint-plugin-savepoint, without an ESLint config.',
    )
    .argument('[files...]', 'files and folders to check')
    .option('--staged', 'check what is staged in git, not what lies on disk')
    .addOption(
      new Option('--preset <name>', 'the rules to run')
        .choices(PRESETS)
        .default('recommended' satisfies Preset),
    )
    .addOption(
      new Option('--format <name>', 'how to report')
        .choices(FORMATS)
        .default('text' satisfies Format),
    )
    .addHelpText('after', CHECK_HELP)
    .action(async (files: string[], options: CheckOptions) => {
      const { check } = await import('./check/check.ts');
      answer(await check(files, options));
    });

  program
    .command('explain')
    .summary('say what a hazard is, or which hazard is behind an error')
    .description('Says what a hazard is, or which hazard is behind an error.')
    .argument('[id-or-error...]', 'the id of a hazard, or the text of an error')
    .allowUnknownOption()
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (words: string[]) => {
      const { explain } = await import('./explain.ts');
      answer(await explain(words));
    });

  program
    .command('prune')
    .summary('drop the databases that killed runs left on a server')
    .description('Drops the databases that killed runs left on a PostgreSQL server.')
    .argument('[servers...]', 'connection strings')
    .option('--all', 'also migrated templates and kept clones that no process uses')
    .addHelpText('after', PRUNE_HELP)
    .action(async (servers: string[], options: PruneOptions) => {
      const { prune } = await import('./prune.ts');
      answer(await prune(servers, options));
    });

  return program;
}

/** Commander's complaint, worded as our own are, in one line. */
function complaint(text: string): string {
  const reason = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ');
  return `savepoint: ${reason} (savepoint --help shows what can be asked)\n`;
}
