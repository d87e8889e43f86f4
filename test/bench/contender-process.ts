/**
 * A contender in a process of its own, so that neither its garbage nor what the compiler made of its
 * code falls on another. Knows no database, and not what is measured.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

type Reply = { readonly value: number } | { readonly error: string };

export class ContenderProcess<Command extends object> {
  readonly #child: ChildProcess;

  /** @param file calls `serve` @param spec what it finds by `specOf` */
  constructor(file: string, spec: object) {
    this.#child = fork(file, [JSON.stringify(spec)], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @throws what the contender threw */
  async ask(command: Command): Promise<number> {
    const over = new AbortController();
    const answered = once(this.#child, 'message', over) as Promise<[Reply]>;
    const ended = once(this.#child, 'exit', over).then((): never => {
      throw new Error('its process ended');
    });
    ended.catch(() => undefined);
    this.#child.send(command);
    try {
      const [reply] = await Promise.race([answered, ended]);
      if ('error' in reply) throw new Error(reply.error);
      return reply.value;
    } finally {
      answered.catch(() => undefined);
      over.abort();
    }
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** In the contender's process: what it was started with. */
export function specOf(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/**
 * In the contender's process: answers until its parent is done, inside a test of node:test, whose
 * asynchronous hooks everything in a suite pays for.
 */
export function serve(perform: (command: never) => Promise<number>): void {
  void test('the bench', async () => {
    process.on('message', (command) => {
      perform(command as never).then(
        (value) => process.send?.({ value } satisfies Reply),
        (error: unknown) => process.send?.({ error: String(error) } satisfies Reply),
      );
    });
    await once(process, 'disconnect');
    // Pooled connections of a failed run must not hold the process.
    process.exit();
  });
}
