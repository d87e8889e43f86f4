/**
 * The driver's edge: one connection of `pg`, to which messages of our own and of the app's are
 * written together and whose answers are told apart. The only file that speaks pg's inner protocol
 * of submittables; knows nothing of tests and transactions.
 */
import type { EventEmitter } from 'node:events';
import pg from 'pg';

/** The state of the server's session: idle, in a transaction, in a failed transaction. */
export type ServerStatus = 'I' | 'T' | 'E';

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
}

/** What the app's part of an exchange is. */
export interface Body {
  /** Who hears the answer, except its end. */
  readonly listener: Submission;
  /** Replaces what the listener itself would send. */
  readonly text?: string | undefined;
  /** Hears an error at once: a cursor must, for it ends its own exchange then. */
  readonly onError?: ((error: Error) => void) | undefined;
}

export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'failed'; readonly error: Error }
  /** What was sent ahead of the body failed; the body had no effect. */
  | { readonly is: 'control failed'; readonly error: Error }
  | { readonly is: 'lost'; readonly error: Error };

export class RealConnection {
  readonly client: pg.PoolClient;
  readonly #pipeline: boolean | undefined;
  #status: ServerStatus = 'I';
  #lost: Error | undefined;
  #exchange: Exchange | undefined;
  #onNotice: ((notice: unknown) => void) | undefined;

  /** @param client idle, and the caller's alone until `detach` */
  constructor(client: pg.PoolClient) {
    this.client = client;
    // A pipelined client refuses cursors; this one is used by one statement at a time anyway.
    this.#pipeline = (client as Pipelined).pipeline;
    (client as Pipelined).pipeline = false;
    client.on('error', this.#lose);
    client.on('end', this.#end);
    client.on('notice', this.#notice);
    emitterOf(client).on('readyForQuery', this.#ready);
  }

  get status(): ServerStatus {
    return this.#status;
  }

  /** Why the connection is gone, once it is. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /**
   * Sends control statements and then the body in one go, and waits for both answers.
   * @param onNotice hears the notices of the body
   */
  async exchange(
    control: readonly string[],
    body?: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    // COPY … TO STDOUT takes over the socket: nothing else may be answered on it.
    if (!body?.onError || control.length === 0) return this.#roundTrip(control, body, onNotice);
    const controlled = await this.#roundTrip(control);
    return controlled.is === 'done' ? this.#roundTrip([], body, onNotice) : controlled;
  }

  #roundTrip(
    control: readonly string[],
    body?: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    const lost = this.#lost;
    if (lost) return Promise.resolve({ is: 'lost', error: lost });
    if (control.length === 0 && !body) return Promise.resolve({ is: 'done' });
    this.#onNotice = onNotice;
    return new Promise((resolve) => {
      const exchange = new Exchange(control.length > 0, body, resolve);
      this.#exchange = exchange;
      const { connection } = this.client;
      connection.stream.cork();
      if (exchange.control)
        this.client.query(new Control(control.join(';'), exchange.control, exchange.body));
      if (exchange.body) this.client.query(exchange.body);
      connection.stream.uncork();
    });
  }

  /** Asks one question and answers its rows, as texts. @throws the server's error */
  async rows(sql: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = [];
    const outcome = await this.exchange([], {
      text: sql,
      listener: {
        submit: () => null,
        handleError: () => undefined,
        handleReadyForQuery: () => undefined,
        handleDataRow: (message) =>
          void rows.push((message as { fields: (string | null)[] }).fields),
      },
    });
    if (outcome.is !== 'done') throw outcome.error;
    return rows;
  }

  /** Asks the server to stop the running statement, over a connection of its own as the protocol has it. */
  cancel(): void {
    const { host, port, ssl, processID, secretKey } = this.client as unknown as BackendAddress;
    const connection = new pg.Connection({ ssl }) as unknown as CancelConnection;
    connection.on('error', () => undefined);
    if (ssl) connection.once('connect', () => connection.requestSsl());
    connection.once(ssl ? 'sslconnect' : 'connect', () => connection.cancel(processID, secretKey));
    connection.connect(host.startsWith('/') ? `${host}/.s.PGSQL.${String(port)}` : port, host);
  }

  /** Ends the connection, whatever it is doing. */
  destroy(): void {
    this.client.connection.stream.destroy();
  }

  /** Leaves the client as it came. */
  detach(): void {
    (this.client as Pipelined).pipeline = this.#pipeline;
    this.client.off('error', this.#lose);
    this.client.off('end', this.#end);
    this.client.off('notice', this.#notice);
    emitterOf(this.client).off('readyForQuery', this.#ready);
  }

  readonly #ready = ({ status }: { status: ServerStatus }) => {
    this.#status = status;
    this.#exchange?.answerEnded();
  };

  readonly #notice = (notice: unknown) => {
    if (this.#exchange?.isAnsweringBody) this.#onNotice?.(notice);
  };

  readonly #lose = (error: Error) => {
    // The server's own reason comes first and says more than the broken socket after it.
    this.#lost ??= this.#exchange?.error ?? error;
    this.#exchange?.lose(this.#lost);
  };

  readonly #end = () => {
    this.#lose(new Error('Connection terminated'));
  };
}

/** One round trip: at most two answers, each ended by the server's ReadyForQuery. */
class Exchange {
  readonly control: Answer | undefined;
  readonly body: BodyQuery | undefined;
  readonly #settle: (outcome: Outcome) => void;
  #ended = 0;

  constructor(hasControl: boolean, body: Body | undefined, settle: (outcome: Outcome) => void) {
    this.control = hasControl ? { error: undefined } : undefined;
    this.body =
      body &&
      new BodyQuery(body, (error) => {
        settle({ is: 'failed', error });
      });
    this.#settle = settle;
  }

  get error(): Error | undefined {
    return this.control?.error ?? this.body?.answer.error;
  }

  get isAnsweringBody(): boolean {
    return this.body !== undefined && this.#ended === (this.control ? 1 : 0);
  }

  answerEnded(): void {
    this.#ended++;
    if (this.#ended < Number(this.control !== undefined) + Number(this.body !== undefined)) return;
    if (this.control?.error) this.#settle({ is: 'control failed', error: this.control.error });
    else if (this.body?.answer.error) this.#settle({ is: 'failed', error: this.body.answer.error });
    else this.#settle({ is: 'done' });
  }

  lose(error: Error): void {
    this.#settle({ is: 'lost', error });
  }
}

interface Answer {
  error: Error | undefined;
}

/**
 * Writes the control statements, and at once the body after them: the server answers in order, and
 * `pg` has the body's query next in its line when the first answer ends.
 */
class Control implements Submission {
  callback = () => undefined;
  readonly #sql: string;
  readonly #answer: Answer;
  readonly #body: BodyQuery | undefined;

  constructor(sql: string, answer: Answer, body: BodyQuery | undefined) {
    this.#sql = sql;
    this.#answer = answer;
    this.#body = body;
  }

  submit(connection: pg.Connection): null {
    connection.query(this.#sql);
    this.#body?.write(connection);
    return null;
  }

  handleError(error: Error): void {
    this.#answer.error ??= error;
    this.callback();
  }

  handleReadyForQuery(): void {
    this.callback();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
}

/** Stands in pg's line for the app's query and passes on what it hears. */
class BodyQuery implements Submission {
  readonly answer: Answer = { error: undefined };
  callback = () => undefined;
  readonly #body: Body;
  readonly #listener: Submission;
  readonly #onUnwritable: (error: Error) => void;
  #written = false;
  #writeError: Error | undefined;

  /** @param onUnwritable called when the query was bad before it was sent, so that no answer will come */
  constructor(body: Body, onUnwritable: (error: Error) => void) {
    this.#body = body;
    this.#listener = body.listener;
    this.#onUnwritable = onUnwritable;
  }

  /** Read by `pg` to remember which named statements the server knows. */
  get name(): string | undefined {
    return this.#body.text === undefined ? this.#listener.name : undefined;
  }

  get text(): string | undefined {
    return this.#body.text ?? this.#listener.text;
  }

  write(connection: pg.Connection): void {
    this.#written = true;
    if (this.#body.text === undefined)
      this.#writeError = this.#listener.submit(connection) ?? undefined;
    else connection.query(this.#body.text);
  }

  submit(connection: pg.Connection): Error | null {
    if (!this.#written) this.write(connection);
    return this.#writeError ?? null;
  }

  handleError(error: Error): void {
    this.answer.error ??= error;
    this.#body.onError?.(error);
    this.callback();
    if (this.#writeError) this.#onUnwritable(error);
  }

  handleReadyForQuery(): void {
    this.callback();
  }

  handleRowDescription(message: unknown): void {
    this.#listener.handleRowDescription?.(message);
  }

  handleDataRow(message: unknown): void {
    this.#listener.handleDataRow?.(message);
  }

  handlePortalSuspended(connection: pg.Connection): void {
    this.#listener.handlePortalSuspended?.(connection);
  }

  handleCommandComplete(message: { readonly text: string }, connection: pg.Connection): void {
    this.#listener.handleCommandComplete?.(message, connection);
  }

  handleEmptyQuery(connection: pg.Connection): void {
    this.#listener.handleEmptyQuery?.(connection);
  }

  handleCopyInResponse(connection: pg.Connection): void {
    if (this.#listener.handleCopyInResponse) this.#listener.handleCopyInResponse(connection);
    else
      (connection as unknown as { sendCopyFail(reason: string): void }).sendCopyFail(
        'No source stream defined',
      );
  }

  handleCopyData(message: unknown, connection: pg.Connection): void {
    this.#listener.handleCopyData?.(message, connection);
  }
}

/** Parts of pg's client and connection that its types leave out. */
interface Pipelined {
  pipeline?: boolean | undefined;
}
interface BackendAddress {
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean;
  readonly processID: number;
  readonly secretKey: number;
}
type CancelConnection = EventEmitter & {
  connect(portOrPath: number | string, host: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
};

function emitterOf(client: pg.PoolClient): EventEmitter {
  return client.connection;
}
