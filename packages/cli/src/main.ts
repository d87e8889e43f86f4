#!/usr/bin/env node
/** The `savepoint` command: runs what is asked, answers by exit code, complains in one line. */
import { CommanderError } from 'commander';
import { inspect } from 'node:util';
import { CliError } from './cli-error.ts';
import { commandLine } from './command-line.ts';
import { EXIT_CODE, type ExitCode } from './exit-code.ts';

/** A reader that has seen enough (`| head`) closes the pipe; that is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT_CODE.fine;
  try {
    await commandLine((answer) => (exitCode = answer)).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has already printed its complaint, the help or the version.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_CODE.fine : EXIT_CODE.failed;
    }
    process.stderr.write(complaint(error));
    return EXIT_CODE.failed;
  }
}

function complaint(error: unknown): string {
  if (process.env.SAVEPOINT_DEBUG) return `${inspect(error)}\n`;
  if (!(error instanceof Error)) return `savepoint: ${String(error)}\n`;
  const hint = error instanceof CliError ? '' : ' (set SAVEPOINT_DEBUG=1 to see where)';
  return `savepoint: ${error.message}${hint}\n`;
}
