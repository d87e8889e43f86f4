/** One query of the app on its way through a sandbox: who asks, what, from where, and its one end. */
import pg from 'pg';
import type { Trace } from '../trace.ts';
import type { Submission } from './real-connection.ts';

export class Question {
  readonly submission: Submission;
  readonly values: readonly unknown[];
  /** Where the app asked. */
  readonly asked: () => Trace;
  #answered = false;

  constructor(submission: Submission, asked: () => Trace) {
    this.submission = submission;
    this.values = (submission as { values?: unknown[] }).values ?? [];
    this.asked = asked;
  }

  /** The SQL; undefined when only a prepared statement is named, or a submittable keeps it to itself. */
  get text(): string | undefined {
    return typeof this.submission.text === 'string' ? this.submission.text : undefined;
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
    if (this.#answered) return;
    this.#answered = true;
    this.submission.handleError(error, connection);
  }

  complete(connection?: pg.Connection): void {
    if (this.#answered) return;
    this.#answered = true;
    this.submission.handleReadyForQuery(connection);
  }

  /** Says which command was done, in the words of the server's CommandComplete. */
  commandDone(tag: string, connection?: pg.Connection): void {
    this.submission.handleCommandComplete?.({ text: tag }, connection);
  }
}
