/** A program that runs beside us: what it says, and when it has ended. Knows nothing of PostgreSQL. */
import type { ChildProcess } from 'node:child_process';

const KEPT_LOG_LINES = 30;

/** A program that was started, and listened to. */
export interface Program {
  readonly log: Log;
  /** Its exit code; null when it could not be started, or was killed. */
  readonly exited: Promise<number | null>;
}

/** Gathers what a program says, until it has ended. */
export function watch(child: ChildProcess): Program {
  const log = new Log();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log.add(chunk);
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      log.add(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  return { log, exited };
}

/** The last lines a program wrote. */
class Log {
  readonly #lines: string[] = [];
  #begun = '';
  readonly #listeners = new Set<(line: string) => void>();

  add(chunk: Buffer | string): void {
    const [first = '', ...more] = String(chunk).split('\n');
    const lines = [this.#begun + first, ...more];
    this.#begun = lines.pop() ?? '';
    for (const line of lines) if (!isContinued(line)) this.#keep(line);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LOG_LINES) this.#lines.shift();
    for (const listener of this.#listeners) listener(line);
  }

  /** Calls with every line from now on. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.add(listener);
  }

  says(words: string): Promise<void> {
    return new Promise((heard) => {
      this.onLine((line) => {
        if (line.includes(words)) heard();
      });
    });
  }

  text(): string {
    return [...this.#lines, this.#begun].join('\n').trim();
  }
}

/** The rest of a statement that is shown: pages of SQL that would push the reason out of sight. */
function isContinued(line: string): boolean {
  return line.startsWith('\t');
}
