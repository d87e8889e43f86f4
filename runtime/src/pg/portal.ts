/**
 * A cursor or query stream of one client, read in steps that each have a turn of their own: while the
 * app thinks between two reads, other clients are served, as they would be for real. Stands where the
 * cursor expects its connection; knows no transactions.
 */
import { EventEmitter } from 'node:events';
import pg from 'pg';
import { Question, type Asking } from './question.ts';
import type { Submission } from './exchange.ts';

type Message = (connection: Writable) => void;
type Steps = (question: Question) => void;

/** How a cursor writes to its connection. */
type Writable = EventEmitter &
  Record<
    'parse' | 'bind' | 'describe' | 'execute' | 'close',
    (config: unknown, more?: boolean) => void
  > &
  Record<'sync', () => void>;

/** `pg-cursor`, and `pg-query-stream` around one. */
interface PortalReader extends Submission {
  readonly values?: readonly unknown[] | null;
  readonly cursor?: { readonly text?: string; readonly values?: readonly unknown[] | null };
}

/** Whether it keeps a portal open from one read to the next. */
export function readsPortal(submission: Submission): submission is PortalReader {
  const reader = submission as Submission & { read?: unknown };
  return (
    !(submission instanceof pg.Query) &&
    typeof reader.handlePortalSuspended === 'function' &&
    typeof reader.read === 'function'
  );
}

export class Portal extends EventEmitter {
  readonly #reader: PortalReader;
  readonly #question: Question;
  readonly #asking: Asking;
  readonly #ask: Steps;
  /** Written since the last step. */
  #messages: Message[] = [];
  #text: string | undefined;
  #name: unknown;
  #failed = false;
  /** Whether what was written since the last step runs the statement. */
  #runs = false;
  /** Whether an earlier step has had it read. */
  #isRead = false;
  /** What is not done and ahead of the next Sync: after an error the server passes over it. */
  readonly #ahead = new Set<Question>();

  /**
   * @param question the reader's, answered when the portal is closed
   * @param asking from where each step is asked
   * @param ask asks a step of the session
   */
  constructor(question: Question, asking: Asking, ask: Steps) {
    super();
    this.#question = question;
    this.#reader = question.submission;
    this.#asking = asking;
    this.#ask = ask;
    this.#text = this.#reader.text ?? this.#reader.cursor?.text;
  }

  open(): void {
    if (this.#question.begin()) this.#reader.submit(this as unknown as pg.Connection);
  }

  /** Closes it in the cursor's place, which will not: its client is gone. */
  discard(): void {
    this.#messages = [];
    const config = { type: 'P', name: this.#name };
    this.#messages.push((connection) => {
      connection.close(config);
    });
    this.#step(() => undefined);
  }

  // ---- what the cursor writes

  parse(config: unknown): void {
    this.#messages.push((connection) => {
      connection.parse(config, true);
    });
  }

  bind(config: unknown): void {
    this.#name = (config as { portal?: unknown }).portal;
    this.#messages.push((connection) => {
      connection.bind(config, true);
    });
  }

  describe(config: unknown): void {
    this.#messages.push((connection) => {
      connection.describe(config, true);
    });
  }

  execute(config: unknown): void {
    this.#runs = true;
    this.#messages.push((connection) => {
      connection.execute(config, true);
    });
  }

  close(config: unknown): void {
    this.#messages.push((connection) => {
      connection.close(config);
    });
    // After an error the cursor waits for the answer to what it wrote then.
    if (this.#failed) this.sync();
  }

  /** The cursor waits for rows. */
  flush(): void {
    const step = this.#step(() => this.#ahead.delete(step));
    this.#ahead.add(step);
  }

  /** The cursor is done with its portal. */
  sync(): void {
    this.#step(() => {
      this.#question.complete(this as unknown as pg.Connection);
      this.emit('readyForQuery');
    });
  }

  /** Said twice: when it is read, and when it is run for the first time. */
  #said(): Said {
    const [runs, isRead, text] = [this.#runs, this.#isRead, this.#text];
    this.#runs = false;
    this.#isRead = true;
    if (isRead && !runs) return {};
    if (!runs) return { text, phase: 'read' };
    this.#text = undefined;
    return { text, phase: isRead ? 'run' : undefined };
  }

  #step(done: () => void): Question {
    const messages = this.#messages;
    this.#messages = [];
    const { asked, inside, takenInside } = this.#asking;
    const step = new Step(this.#reader, this, this.#said(), messages, {
      done,
      failed: (error) => {
        this.#failed = true;
        for (const step of this.#ahead) step.abandon(error);
        this.#question.fail(error, this as unknown as pg.Connection);
      },
    });
    const asking = new Question(step, { asked, inside, takenInside });
    this.#ask(asking);
    return asking;
  }
}

/** What a step says, if it is more than a message about what was said. */
type Said = Pick<Submission, 'text' | 'phase'>;

interface StepEvents {
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

/** One message of a cursor to the server, and its answer. */
class Step implements Submission {
  readonly text: string | undefined;
  /** Those of the statement, which may say something to its session. */
  readonly values: readonly unknown[] | undefined;
  readonly phase: Submission['phase'];
  readonly #reader: PortalReader;
  readonly #portal: Portal;
  readonly #messages: readonly Message[];
  readonly #on: StepEvents;
  #connection: EventEmitter | undefined;

  constructor(
    reader: PortalReader,
    portal: Portal,
    { text, phase }: Said,
    messages: readonly Message[],
    on: StepEvents,
  ) {
    this.#reader = reader;
    this.#portal = portal;
    this.text = text;
    this.values = reader.values ?? reader.cursor?.values ?? undefined;
    this.phase = phase;
    this.#messages = messages;
    this.#on = on;
  }

  submit(connection: pg.Connection): null {
    this.#connection = connection;
    connection.on('noData', this.#noData);
    for (const write of this.#messages) write(connection as unknown as Writable);
    connection.sync();
    return null;
  }

  readonly #noData = () => this.#portal.emit('noData');

  handleRowDescription(message: unknown): void {
    this.#portal.emit('rowDescription', message);
    this.#reader.handleRowDescription?.(message);
  }

  handleDataRow(message: unknown): void {
    this.#reader.handleDataRow?.(message);
  }

  handlePortalSuspended(): void {
    this.#reader.handlePortalSuspended?.(this.#asConnection);
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.#reader.handleCommandComplete?.(message, this.#asConnection);
  }

  handleEmptyQuery(): void {
    this.#reader.handleEmptyQuery?.(this.#asConnection);
  }

  handleError(error: Error): void {
    this.#connection?.off('noData', this.#noData);
    this.#on.failed(error);
  }

  handleReadyForQuery(): void {
    this.#connection?.off('noData', this.#noData);
    this.#on.done();
  }

  get #asConnection(): pg.Connection {
    return this.#portal as unknown as pg.Connection;
  }
}
