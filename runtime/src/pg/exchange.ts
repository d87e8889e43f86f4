/**
 * One message to the server and its answer, as `pg` has it answered: control statements of ours and
 * what the app asked, written together and told apart again. Knows no connection.
 */
import type pg from 'pg';

/** What `pg` calls on a query while its answer arrives. `pg.Query`, cursors and COPY streams have these. */
export interface Submission {
  readonly text?: string | undefined;
  readonly name?: string | undefined;
  callback?: (error: Error | null, result?: unknown) => void;
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- cursors answer nothing
  submit(connection: pg.Connection): Error | null | void;
  handleError(error: Error, connection: pg.Connection | undefined): void;
  handleReadyForQuery(connection: pg.Connection | undefined): void;
  handleRowDescription?(message: unknown): void;
  handleDataRow?(message: unknown): void;
  handlePortalSuspended?(connection: pg.Connection): void;
  handleCommandComplete?(
    message: { readonly text: string },
    connection: pg.Connection | undefined,
  ): void;
  handleEmptyQuery?(connection: pg.Connection): void;
  handleCopyInResponse?(connection: pg.Connection): void;
  handleCopyData?(message: unknown, connection: pg.Connection): void;
  /** Of a statement that the server reads with one message, and runs with a later one, if ever: which this is. */
  readonly phase?: 'read' | 'run' | undefined;
}

/** What the app's part of an exchange is. */
export interface Body {
  /** Who hears the answer, except its end. */
  readonly listener: Submission;
  /** Replaces what the listener itself would send. */
  readonly text?: string | undefined;
  /** Hears an error at once: a cursor must, for it ends its own exchange then. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** Hears the tag of every command that is done. */
  readonly onCommand?: ((tag: string) => void) | undefined;
}

export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly error: Error }
  /** What was sent ahead of the body failed; the body had no effect. */
  | { readonly is: 'control failed'; readonly error: Error }
  | { readonly is: 'lost'; readonly error: Error };

/** A control statement: its text, or a text whose rows somebody hears. */
export type Control = string | { readonly sql: string; readonly onRow: (fields: Fields) => void };
/** The fields of a row as texts. */
export type Fields = readonly (string | null)[];

/**
 * Whether a body can be answered together with the control statements ahead of it: by the extended
 * protocol a failed statement has the server skip everything up to the body's own Sync.
 */
export function isOneMessage({ listener, text, onError }: Body): boolean {
  if (text !== undefined || onError) return false;
  const { requiresPreparation, rows } = listener as Partial<PreparedQuery>;
  return !rows && requiresPreparation?.call(listener) === true;
}

/**
 * One message to the server and its answer, ended by ReadyForQuery. Stands in pg's line in place of
 * the app's query and passes on what it hears, except what the control statements are answered.
 */
export class Exchange implements Submission {
  callback = () => undefined;
  readonly control: readonly Control[];
  readonly #body: Body | undefined;
  readonly #onNotice: ((notice: unknown) => void) | undefined;
  readonly #settle: (outcome: Outcome) => void;
  /** How many of the control statements are answered. */
  #controlled = 0;
  #error: Error | undefined;
  #answered = false;

  constructor(
    control: readonly Control[],
    body: Body | undefined,
    onNotice: ((notice: unknown) => void) | undefined,
    settle: (outcome: Outcome) => void,
  ) {
    this.control = control;
    this.#body = body;
    this.#onNotice = onNotice;
    this.#settle = settle;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether the server's next ReadyForQuery, or the one that is being heard, ends it. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The body, once it is its turn to be answered. */
  get #answering(): Body | undefined {
    return this.#controlled === this.control.length ? this.#body : undefined;
  }

  /** Read by `pg` to remember which named statements the server knows. */
  get name(): string | undefined {
    const body = this.#answering;
    return body && body.text === undefined ? body.listener.name : undefined;
  }

  get text(): string | undefined {
    return this.#body?.text ?? this.#body?.listener.text;
  }

  writeBody(connection: pg.Connection): void {
    const body = this.#body;
    if (!body) connection.sync();
    else if (body.text !== undefined) connection.query(body.text);
    else this.#error = body.listener.submit(connection) ?? undefined;
    // A query that was bad before it was sent is answered, too: what is ahead of it comes first.
    if (this.#error) connection.sync();
  }

  /** Called by `pg`; everything is written by then. */
  submit(): null {
    return null;
  }

  /** ReadyForQuery. */
  end(): void {
    const error = this.#error;
    if (!error) this.#settle({ is: 'done' });
    else if (this.#controlled < this.control.length) this.#settle({ is: 'control failed', error });
    else this.#settle({ is: 'failed', error });
  }

  lose(error: Error): void {
    this.#settle({ is: 'lost', error });
  }

  hearNotice(notice: unknown): void {
    if (this.#answering) this.#onNotice?.(notice);
  }

  handleError(error: Error): void {
    this.#answered = true;
    this.#error ??= error;
    this.#answering?.onError?.(error);
  }

  /** After an error `pg` does not call this; `end` is called for every answer. */
  handleReadyForQuery(): void {
    this.#answered = true;
  }

  handleRowDescription(message: unknown): void {
    this.#answering?.listener.handleRowDescription?.(message);
  }

  handleDataRow(message: unknown): void {
    const body = this.#answering;
    if (body) {
      body.listener.handleDataRow?.(message);
      return;
    }
    const item = this.control[this.#controlled];
    if (typeof item === 'object') item.onRow((message as { readonly fields: Fields }).fields);
  }

  handlePortalSuspended(connection: pg.Connection): void {
    this.#answering?.listener.handlePortalSuspended?.(connection);
  }

  handleCommandComplete(message: { readonly text: string }, connection: pg.Connection): void {
    const body = this.#answering;
    if (!body) {
      this.#controlled++;
      return;
    }
    body.onCommand?.(message.text);
    body.listener.handleCommandComplete?.(message, connection);
  }

  handleEmptyQuery(connection: pg.Connection): void {
    this.#answering?.listener.handleEmptyQuery?.(connection);
  }

  handleCopyInResponse(connection: pg.Connection): void {
    const { listener } = this.#answering ?? {};
    if (listener?.handleCopyInResponse) listener.handleCopyInResponse(connection);
    else
      (connection as unknown as { sendCopyFail(reason: string): void }).sendCopyFail(
        'No source stream defined',
      );
  }

  handleCopyData(message: unknown, connection: pg.Connection): void {
    this.#answering?.listener.handleCopyData?.(message, connection);
  }
}

/** `pg.Query`, where its types leave out how it is sent. */
interface PreparedQuery {
  requiresPreparation(): boolean;
  readonly rows: number | undefined;
}
