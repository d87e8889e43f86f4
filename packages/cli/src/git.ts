/** Runs git and says in one line why it failed. The environment is passed on: hooks set `GIT_INDEX_FILE`. */
import { spawnSync } from 'node:child_process';
import { CliError } from './cli-error.ts';

/** What git answered: its output, and its exit code (`undefined`: there is no git on this machine). */
interface Answer {
  readonly exitCode: number | undefined;
  readonly output: Buffer;
  readonly complaint: string;
}

/** Asks git a question whose exit code is part of the answer. @param input what git reads from stdin */
export function askGit(directory: string, args: readonly string[], input = ''): Answer {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: directory,
    input,
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (error) return { exitCode: undefined, output: Buffer.alloc(0), complaint: error.message };
  return { exitCode: status ?? undefined, output: stdout, complaint: firstLine(stderr.toString()) };
}

/** What git prints. @throws CliError when git is missing or refuses */
export function git(directory: string, args: readonly string[], input?: string): Buffer {
  const { exitCode, output, complaint } = askGit(directory, args, input);
  if (exitCode !== 0)
    throw new CliError('ERR_SAVEPOINT_GIT', `git ${args[0] ?? ''} failed: ${complaint}`);
  return output;
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}
