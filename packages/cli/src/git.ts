/** Runs git and says in one line why it failed. The environment is passed on: hooks set `GIT_INDEX_FILE`. */
import { spawnSync } from 'node:child_process';
import { CliError } from './cli-error.ts';

/** What git answered: its output, and its exit code (`undefined`: there is no git on this machine). */
interface Answer {
  readonly exitCode: number | undefined;
  readonly output: Buffer;
  readonly complaint: string;
}

interface Circumstances {
  /** What git reads from stdin. */
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Asks git a question whose exit code is part of the answer. */
export function askGit(
  directory: string,
  args: readonly string[],
  { input = '', environment = process.env }: Circumstances = {},
): Answer {
  const { status, stdout, stderr, error } = spawnSync('git', args, {
    cwd: directory,
    input,
    env: environment,
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (error) return { exitCode: undefined, output: Buffer.alloc(0), complaint: error.message };
  return { exitCode: status ?? undefined, output: stdout, complaint: firstLine(stderr.toString()) };
}

/** What git prints. @throws CliError when git is missing or refuses */
export function git(
  directory: string,
  args: readonly string[],
  circumstances?: Circumstances,
): Buffer {
  const { exitCode, output, complaint } = askGit(directory, args, circumstances);
  if (exitCode !== 0) {
    throw new CliError('ERR_SAVEPOINT_GIT', `git ${args[0] ?? ''} failed: ${complaint}`);
  }
  return output;
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0] ?? '';
}

/**
 * The top of the work tree that a folder is in.
 * @throws CliError when it is in none
 */
export function topOfWorkTree(directory: string): string {
  const question = ['rev-parse', '--show-toplevel', '--absolute-git-dir'];
  const [top = '', repository] = lines(git(directory, question));
  // A hook of a linked work tree is told its repository by GIT_DIR, and git then takes whatever
  // folder it is asked from for the top. Unless another repository is meant, what it finds by itself is right.
  const environment = { ...process.env, GIT_DIR: undefined, GIT_WORK_TREE: undefined };
  const [topFound, repositoryFound] = lines(askGit(directory, question, { environment }).output);
  return topFound !== undefined && repositoryFound === repository ? topFound : top;
}

function lines(output: Buffer): string[] {
  return output.toString().split(/\r?\n/).slice(0, -1);
}
