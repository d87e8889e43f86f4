/**
 * Node, started as a user starts it: the one home of child processes that run test files. Which Node
 * is `SAVEPOINT_TEST_NODE`, a path, or the one that runs these tests.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';

export const NODE = process.env.SAVEPOINT_TEST_NODE ?? process.execPath;

/** The major version of that Node. */
export const NODE_MAJOR = Number(
  execFileSync(NODE, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.')[0],
);

/** A process that has not ended by then is killed. */
const DEADLINE_MILLIS = 240_000;

export interface Ended {
  /** Undefined when it had to be killed. */
  readonly exitCode: number | undefined;
  /** What it printed, and where to. */
  readonly output: string;
}

/** A process that is going on. */
export interface Running {
  readonly process: ChildProcess;
  /** Settles when it has printed this. @throws when it ends before */
  readonly prints: (words: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

export interface Surroundings {
  readonly cwd?: string;
  /** Beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts Node with these arguments. */
export function startNode(args: readonly string[], { cwd, env }: Surroundings = {}): Running {
  const child = spawn(NODE, args, {
    cwd,
    // Inherited, it would make the runner believe that it runs inside a test file.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MILLIS,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const heard = new EventEmitter();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      heard.emit('more');
    });
  }
  let isOver = false;
  const ended = once(child, 'close').then(([code]) => {
    isOver = true;
    return { exitCode: (code as number | null) ?? undefined, output };
  });
  const prints = async (words: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = words.exec(output);
      if (found) return found;
      if (isOver) throw new Error(`the process ended without it:\n${output}`);
      await Promise.race([once(heard, 'more'), ended]);
    }
  };
  return { process: child, prints, ended };
}

/** What `node --test` is told so that its output can be read. */
export const AS_TAP = ['--test', '--test-reporter=tap'];

/** Names of tests in TAP, or of files for what their hooks did. */
export function namesIn(output: string, result: 'ok' | 'not ok'): string[] {
  const lines = new RegExp(`^ *${result} \\d+ - (.*)$`, 'gm');
  return [...output.matchAll(lines)].map(([, name = '']) => name);
}
