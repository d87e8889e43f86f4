/** Runs a plain test file of the fixtures, with or without the watch, and says what it came to. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Milliseconds after which a fixture that neither ended nor finished is cut off. */
const DEADLINE = 60_000;

/** A hazard in the evidence, by the line it points at. */
export interface Seen {
  readonly code: string;
  readonly line: number | undefined;
  readonly test: string | null;
  readonly message: string;
}

/** A line of evidence, as far as the tests read it. */
interface Line {
  readonly code?: string;
  readonly event?: string;
  readonly test?: string | null;
  readonly file?: string | null;
  readonly message?: string;
  readonly acquired?: { readonly file: string; readonly line: number } | null;
  readonly used?: { readonly file: string; readonly line: number } | null;
}

/** What a run of a fixture came to. */
export interface Outcome {
  /** `ok` and `not ok` lines of the report, in order. */
  readonly results: readonly string[];
  readonly hazards: readonly Seen[];
  readonly finished: boolean;
  readonly evidence: string;
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; nothing when the process was cut off. */
  readonly exitCode: number | null;
}

export interface Options {
  /** Options of node before the file. */
  readonly node?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /**
   * For a file that leaks by design and never ends: how many results it reports. It is cut off when it
   * has, and has written under the watch that it has finished.
   */
  readonly leaksAfter?: number | undefined;
  /** False: runs it as if savepoint were not there. */
  readonly watched?: boolean;
}

/** Runs one file. */
export async function runFixture(file: string, options: Options = {}): Promise<Outcome> {
  const { node = [], environment = {}, leaksAfter, watched = true } = options;
  const directory = mkdtempSync(join(tmpdir(), 'savepoint-watch-'));
  const evidence = join(directory, 'evidence.jsonl');
  const preload = watched ? ['--import', 'savepoint/watch'] : [];
  const child = spawn(process.execPath, [...preload, '--test-reporter=tap', ...node, file], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      SAVEPOINT_EVIDENCE: evidence,
      ...environment,
    },
  });
  const output = { stdout: '', stderr: '' };
  const isDone = () => !watched || linesOf(evidence).some(({ event }) => event === 'finished');
  const cutOff = () => {
    if (leaksAfter === undefined || resultsOf(output.stdout).length < leaksAfter) return;
    if (isDone()) child.kill('SIGKILL');
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output.stdout += chunk;
    cutOff();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const watcher = watch(directory, cutOff);
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(deadline);
  watcher.close();
  const outcome = {
    ...output,
    exitCode,
    results: resultsOf(output.stdout),
    hazards: linesOf(evidence).flatMap(seenIn),
    finished: linesOf(evidence).some(({ event }) => event === 'finished'),
    evidence: textOf(evidence),
  };
  rmSync(directory, { recursive: true });
  return outcome;
}

/** `ok` and `not ok` lines of TAP; numbers and times left out. */
function resultsOf(stdout: string): string[] {
  return [...stdout.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)].map(
    ([, result = '', name = '']) => `${result} ${name}`,
  );
}

function linesOf(evidence: string): Line[] {
  return textOf(evidence)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function seenIn({ code, used, acquired, test = null, message = '' }: Line): Seen[] {
  return code === undefined ? [] : [{ code, line: (used ?? acquired)?.line, test, message }];
}
