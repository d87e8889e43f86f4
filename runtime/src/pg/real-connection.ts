/**
 * The driver's edge: one connection of `pg`, to which messages of our own and of the app's are
 * written together, at once and in order. With `exchange.ts` the only place that speaks pg's inner
 * protocol of submittables; knows nothing of tests and transactions.
 */
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import {
  Exchange,
  isOneMessage,
  type Body,
  type Control,
  type Fields,
  type Outcome,
} from './exchange.ts';

/** The state of the server's session: idle, in a transaction, in a failed transaction. */
export type ServerStatus = 'I' | 'T' | 'E';

/** How long a connection may owe the server its last statements. */
const OWED_MILLIS = 5;
/** The statements that a connection is sent again and again; the server reads each of them once. */
const REPEATED =
  /^(?:BEGIN|ROLLBACK|SAVEPOINT|RELEASE|SET TRANSACTION|SELECT EXISTS|SELECT pg_catalog.pg_advisory_unlock_all)/;

// Kept from before a test can mock the timers.
const { setTimeout } = globalThis;

const connections = new WeakMap<pg.PoolClient, RealConnection>();

export class RealConnection {
  /** The connection of a client of ours, the same each time. @param client the caller's alone */
  static of(client: pg.PoolClient): RealConnection {
    let connection = connections.get(client);
    if (!connection) connections.set(client, (connection = new RealConnection(client)));
    return connection;
  }

  readonly client: pg.PoolClient;
  /** The number of the server's process. */
  processId: number;
  #status: ServerStatus = 'I';
  #lost: Error | undefined;
  #farewell: Error | undefined;
  /** What was sent and is not answered yet, in order. */
  readonly #exchanges: Exchange[] = [];
  /** What runs each of the control statements that the server has read; none where it may forget them. */
  #prepared: Map<string, Buffer> | undefined = new Map<string, Buffer>();
  /** What is still to be sent, ahead of anything else. */
  #owed: readonly string[] = [];
  #owing: NodeJS.Timeout | undefined;
  #onAlone: () => void = () => undefined;
  /** Called when nothing that was sent is unanswered any more. */
  #onQuiet: (() => void) | undefined;
  /** Prepared statements that nobody uses any more. */
  #forgotten: string[] = [];

  private constructor(client: pg.PoolClient) {
    this.client = client;
    this.processId = (client as unknown as BackendAddress).processID;
    // A pipelined client refuses cursors; this one is used by one statement at a time anyway.
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
   * Sends control statements and then the body in one go, and waits for the answers.
   * @param onNotice hears the notices of the body
   */
  exchange(
    control: readonly Control[],
    body?: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      this.send(control, body, onNotice, resolve);
    });
  }

  /** The same for what every test does again and again: the outcome is told at once, without a promise. */
  send(
    control: readonly Control[],
    body: Body | undefined,
    onNotice: ((notice: unknown) => void) | undefined,
    onOutcome: (outcome: Outcome) => void,
  ): void {
    // COPY … TO STDOUT takes over the socket: nothing else may be answered on it. And `pg` keeps a
    // line of one behind the message that is being answered.
    if (body?.onError || this.#exchanges.length > 0)
      void this.#exchangeInTurn(control, body, onNotice).then(onOutcome);
    else this.#roundTrip(this.#behindOwed(control), body, onNotice, onOutcome);
  }

  async #exchangeInTurn(
    control: readonly Control[],
    body: Body | undefined,
    onNotice: ((notice: unknown) => void) | undefined,
  ): Promise<Outcome> {
    if (this.#exchanges.length > 0) await new Promise<void>((resolve) => (this.#onQuiet = resolve));
    const ahead = this.#behindOwed(control);
    const trip = (first: readonly Control[], then?: Body) =>
      new Promise<Outcome>((resolve) => {
        this.#roundTrip(first, then, onNotice, resolve);
      });
    if (!body?.onError || ahead.length === 0) return trip(ahead, body);
    const controlled = await trip(ahead);
    return controlled.is === 'done' ? trip([], body) : controlled;
  }

  /**
   * Has statements sent ahead of the next exchange, or by themselves when none comes soon. Nobody
   * hears of their answer: they must be such that only a lost connection can fail them.
   * @param onAlone called when they were sent by themselves
   */
  owe(statements: readonly string[], onAlone: () => void): void {
    this.#owed = statements;
    this.#onAlone = onAlone;
    // One timer, which goes on when nothing is owed any more: most of what is owed is sent before it rings.
    this.#owing = this.#owing?.refresh() ?? setTimeout(this.#sendOwed, OWED_MILLIS).unref();
  }

  readonly #sendOwed = (): void => {
    if (this.#owed.length === 0) return;
    void this.exchange([]);
    this.#onAlone();
  };

  /** Has every control statement read anew: its session may be another the next time. */
  prepareNothing(): void {
    this.#prepared = undefined;
  }

  /** Has the server forget prepared statements, with the next message. */
  forget(statements: Iterable<string>): void {
    this.#forgotten.push(...statements);
  }

  #behindOwed(control: readonly Control[]): readonly Control[] {
    const owed = this.#owed;
    if (owed.length === 0) return control;
    this.#owed = [];
    return [...owed, ...control];
  }

  #roundTrip(
    control: readonly Control[],
    body: Body | undefined,
    onNotice: ((notice: unknown) => void) | undefined,
    onOutcome: (outcome: Outcome) => void,
  ): void {
    const lost = this.#lost;
    if (lost) {
      process.nextTick(onOutcome, { is: 'lost', error: lost });
      return;
    }
    if (control.length === 0 && !body) {
      process.nextTick(onOutcome, { is: 'done' });
      return;
    }
    const { stream } = this.client.connection;
    stream.cork();
    if (control.length > 0 && body && !isOneMessage(body)) {
      // Two answers: a simple query would be skipped, and never answered, after a failed control statement.
      const ahead = new Exchange(control, undefined, undefined, () => undefined);
      this.#send(ahead);
      this.#send(
        new Exchange([], body, onNotice, (outcome) => {
          const failed = outcome.is === 'lost' ? undefined : ahead.error;
          onOutcome(failed ? { is: 'control failed', error: failed } : outcome);
        }),
      );
    } else {
      this.#send(new Exchange(control, body, onNotice, onOutcome));
    }
    stream.uncork();
  }

  /** Writes at once, behind what is not answered yet; `pg` only keeps the line of who hears the answers. */
  #send(exchange: Exchange): void {
    const { connection } = this.client;
    if (this.#forgotten.length > 0)
      for (const name of this.#forgotten.splice(0)) forget(connection, name);
    for (const item of exchange.control) {
      this.#writeControl(connection, typeof item === 'string' ? item : item.sql);
    }
    exchange.writeBody(connection);
    this.#exchanges.push(exchange);
    this.client.query(exchange);
  }

  #writeControl(connection: pg.Connection, sql: string): void {
    const known = this.#prepared?.get(sql);
    if (known) {
      connection.stream.write(known);
      return;
    }
    let name = '';
    if (this.#prepared && REPEATED.test(sql)) {
      name = `_savepoint_${String(this.#prepared.size)}`;
      this.#prepared.set(sql, messageThatRuns(name));
    }
    connection.parse({ name, text: sql, types: [] }, false);
    run(connection, name);
  }

  /** Asks one question and answers its rows, as texts. @throws the server's error */
  async rows(sql: string): Promise<Fields[]> {
    const rows: Fields[] = [];
    const outcome = await this.exchange([{ sql, onRow: (fields) => void rows.push(fields) }]);
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

  readonly #ready = ({ status }: { status: ServerStatus }) => {
    this.#status = status;
    // Else it answers what the driver was asked before the connection was ours.
    if (this.#exchanges[0]?.answered) this.#exchanges.shift()?.end();
    if (this.#exchanges.length === 0) this.#tellQuiet();
  };

  readonly #notice = (notice: unknown) => {
    // A server that is told to end at once says so in a warning.
    const { code, message } = notice as { readonly code?: string; readonly message?: string };
    if (code === '57P01' || code === '57P02') this.#farewell = new Error(message);
    this.#exchanges[0]?.hearNotice(notice);
  };

  readonly #lose = (error: Error) => {
    // The server's own reason comes first and says more than the broken socket after it.
    this.#lost ??= this.#exchanges[0]?.error ?? this.#farewell ?? error;
    for (const exchange of this.#exchanges.splice(0)) exchange.lose(this.#lost);
    this.#tellQuiet();
  };

  #tellQuiet(): void {
    this.#onQuiet?.();
    this.#onQuiet = undefined;
  }

  readonly #end = () => {
    this.#lose(new Error('Connection terminated'));
  };
}

/** Parts of pg's client and connection that its types leave out. */
interface Pipelined {
  pipeline?: boolean | undefined;
}
interface StatementKeeper {
  readonly parsedStatements: Record<string, string>;
  close(statement: { readonly type: 'S'; readonly name: string }): void;
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

/** Runs what was read last under no name. */
export function runUnnamed(connection: pg.Connection): void {
  run(connection, '');
}

/** Runs a prepared statement without parameters. */
function run(connection: pg.Connection, name: string): void {
  connection.bind({ portal: '', statement: name, values: [] }, false);
  connection.execute({ portal: '' }, false);
}

/** The bytes of the same: what is said again and again is put together once. */
function messageThatRuns(name: string): Buffer {
  const chunks: Buffer[] = [];
  const stream = { writable: true, write: (chunk: Buffer) => chunks.push(chunk) };
  run(Object.create(pg.Connection.prototype, { stream: { value: stream } }) as pg.Connection, name);
  return Buffer.concat(chunks);
}

/** The text that `pg` remembers a name by. */
export function textPreparedAs(connection: pg.Connection, name: string): string | undefined {
  return (connection as unknown as StatementKeeper).parsedStatements[name];
}

/** What `pg` says when it remembers another one. */
export function preparedAsAnother(name: string): Error {
  return new Error(
    `Prepared statements must be unique - '${name}' was used for a different statement`,
  );
}

/** Has the server and `pg` forget a prepared statement, whether there is one or not. */
function forget(connection: pg.Connection, name: string): void {
  const keeper = connection as unknown as StatementKeeper;
  Reflect.deleteProperty(keeper.parsedStatements, name);
  keeper.close({ type: 'S', name });
}

function emitterOf(client: pg.PoolClient): EventEmitter {
  return client.connection;
}
