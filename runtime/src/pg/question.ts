/** One query of the app on its way through a sandbox: who asks, what, from where, and its one end. */
import pg from 'pg';
import type { Trace } from '../trace.ts';
import type { Waiting } from './client-faults.ts';
import type { Inside } from './inside-transaction.ts';
import type { Submission } from './exchange.ts';

/** From where a question is asked. */
export interface Asking {
  /** Where the app asked. */
  readonly asked: () => Trace;
  readonly inside?: Inside | undefined;
  readonly takenInside?: Inside | undefined;
  /** The checkout of the client by whoever asks. */
  readonly taken?: object | undefined;
  /** Whether nobody had taken the client yet: a pool sets up a new one. */
  readonly isSetUp?: boolean;
}

/** Who hears what becomes of a question. */
export interface Listener {
  /** Its turn has come. */
  begun(): void;
  /** The app has its answer. Once. */
  answered(question: Question): void;
}

const NO_VALUES: readonly unknown[] = [];

export class Question implements Waiting {
  readonly submission: Submission;
  readonly #asking: Asking;
  readonly #listener: Listener | undefined;
  /** Puts the app's words into an error. */
  readonly #translate: ((error: Error) => void) | undefined;
  #begun = false;
  #answered = false;
  #abandoned = false;

  constructor(
    submission: Submission,
    asking: Asking,
    listener?: Listener,
    translate?: (error: Error) => void,
  ) {
    this.submission = submission;
    this.#asking = asking;
    this.#listener = listener;
    this.#translate = translate;
  }

  get values(): readonly unknown[] {
    return (this.submission as { values?: unknown[] }).values ?? NO_VALUES;
  }

  get asked(): () => Trace {
    return this.#asking.asked;
  }

  get inside(): Inside | undefined {
    return this.#asking.inside;
  }

  get takenInside(): Inside | undefined {
    return this.#asking.takenInside;
  }

  get taken(): object | undefined {
    return this.#asking.taken;
  }

  get isSetUp(): boolean {
    return this.#asking.isSetUp === true;
  }

  /** Its turn has come. @returns whether it still is to be asked: it may have been given up while it waited */
  begin(): boolean {
    if (this.#answered) return false;
    this.#begun = true;
    this.#listener?.begun();
    return true;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  /** Whether there is nothing left to say: it failed before its turn came, for example. */
  get isAnswered(): boolean {
    return this.#answered;
  }

  /** Whether it was given up before the server had answered. */
  get isAbandoned(): boolean {
    return this.#abandoned;
  }

  /** The SQL; undefined when only a prepared statement is named, or a submittable keeps it to itself. */
  get text(): string | undefined {
    return typeof this.submission.text === 'string' ? this.submission.text : undefined;
  }

  /** Whether the driver prepares it under a name. */
  get isNamed(): boolean {
    return Boolean(this.submission.name);
  }

  /** Whether it is an ordinary query and not a cursor or a stream. */
  get isPlain(): boolean {
    return this.submission instanceof pg.Query;
  }

  /** Whether the server is asked by the extended protocol, which takes one statement at a time. */
  get isExtended(): boolean {
    return (
      (this.submission as { requiresPreparation?: () => boolean }).requiresPreparation?.() ?? true
    );
  }

  fail(error: Error, connection?: pg.Connection): void {
    this.#translate?.(error);
    if (this.#answered) return;
    this.#answered = true;
    try {
      this.submission.handleError(error, connection);
    } finally {
      this.#listener?.answered(this);
    }
  }

  /** Fails soon, before its turn has come or while it runs; what is answered from now on is not told. */
  abandon(error: Error): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#abandoned = true;
    process.nextTick(() => {
      this.submission.handleError(error, undefined);
      this.#listener?.answered(this);
    });
  }

  complete(connection?: pg.Connection): void {
    if (this.#answered) return;
    this.#answered = true;
    try {
      this.submission.handleReadyForQuery(connection);
    } finally {
      this.#listener?.answered(this);
    }
  }

  /** Says which command was done, in the words of the server's CommandComplete. */
  commandDone(tag: string, connection?: pg.Connection): void {
    this.submission.handleCommandComplete?.({ text: tag }, connection);
  }
}
