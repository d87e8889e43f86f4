/** One side of a comparison: a pool that runs a program step by step, and what the app sees of each step. */
import { finished } from 'node:stream/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { from, to } from 'pg-copy-streams';
import {
  CLIENTS,
  type ClientName,
  type Copy,
  type CursorRead,
  type Query,
  type Step,
} from './program.ts';

/** What the app sees of one step. */
export interface Observation {
  readonly answer: Answer;
  readonly notices: readonly object[];
  /** By client, each in its order. */
  readonly notifications: readonly (readonly string[])[];
  /** `I`, `T` or `E` of each client. */
  readonly status: string;
  /** Clients of the pool: all, idle; requests that wait for one. */
  readonly counts: readonly [total: number, idle: number, waiting: number];
}

type Answer =
  | { readonly results: readonly object[] }
  | { readonly portions: readonly (readonly unknown[])[] }
  | { readonly error: object; readonly portions?: readonly (readonly unknown[])[] }
  | { readonly output: string; readonly rowCount: number }
  | { readonly is: 'done' };

/** What a step came to: what the app sees, and the error itself where it failed. */
export interface Performed {
  readonly seen: Observation;
  readonly error: unknown;
}

export class Twin {
  readonly #pool: pg.Pool;
  readonly #clients: Record<ClientName, pg.PoolClient>;
  #notices: object[] = [];
  /** All that were ever listened to, with what tells them from each other. */
  readonly #heard = new Map<pg.PoolClient, (notification: pg.Notification) => void>();
  #notifications: string[][] = [];
  #listens = false;

  readonly #run: number;

  private constructor(pool: pg.Pool, clients: Record<ClientName, pg.PoolClient>, run: number) {
    this.#pool = pool;
    this.#clients = clients;
    this.#run = run;
    for (const client of Object.values(clients)) this.#hear(client);
  }

  /**
   * Takes the clients of a program.
   * @param run a number of its own; the driver remembers the names of statements for as long as a connection lives
   */
  static async open(pool: pg.Pool, run: number): Promise<Twin> {
    // A pool that is new and one that was used before have equally many clients from here on.
    const all = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
    for (const client of all) client.release();
    const [a, b, c] = [await pool.connect(), await pool.connect(), await pool.connect()];
    return new Twin(pool, { a, b, c }, run);
  }

  /** The client that is in a transaction. */
  get busy(): ClientName | undefined {
    return CLIENTS.find((name) => this.#clients[name].getTransactionStatus() !== 'I');
  }

  async perform(step: Step): Promise<Performed> {
    const { answer, error } = await this.#answerTo(step);
    // The driver tells an error before it knows the state after it.
    if (error !== undefined && step.on !== 'pool') await this.#clients[step.on].query('');
    const notifications = await this.#hearAll(step);
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return {
      error,
      seen: {
        answer,
        notices: this.#notices.splice(0),
        notifications,
        status: CLIENTS.map((name) => this.#clients[name].getTransactionStatus()).join(''),
        counts: [totalCount, idleCount, waitingCount],
      },
    };
  }

  /** Ends transactions and gives the clients back. */
  async close(): Promise<void> {
    for (const [client, notify] of this.#heard)
      client.off('notice', this.#notice).off('notification', notify);
    for (const name of CLIENTS) {
      const client = this.#clients[name];
      if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
      client.release();
    }
  }

  async #answerTo(step: Step): Promise<{ answer: Answer; error?: unknown }> {
    if ('exchange' in step) return this.#exchange(step.on);
    if ('cursor' in step) return this.#read(step);
    if ('copy' in step) return this.#copy(step);
    try {
      return { answer: { results: await this.#ask(step) } };
    } catch (error) {
      return { answer: { error: seenError(error) }, error };
    }
  }

  async #ask({ on, sql, values, name, rowMode }: Query): Promise<object[]> {
    const asked = on === 'pool' ? this.#pool : this.#clients[on];
    const answer = await asked.query({
      text: sql,
      ...(values && { values: [...values] }),
      ...(name !== undefined && { name: `${name}_${String(this.#run)}` }),
      ...(rowMode && { rowMode }),
    } as pg.QueryConfig);
    return [answer as pg.QueryResult | pg.QueryResult[]].flat().map(seenResult);
  }

  async #read({
    on,
    cursor: sql,
    values,
    reads,
  }: CursorRead): Promise<{ answer: Answer; error?: unknown }> {
    const cursor = this.#clients[on].query(new Cursor(sql, values ? [...values] : []));
    const portions: unknown[][] = [];
    try {
      for (const rows of reads) portions.push((await cursor.read(rows)) as unknown[]);
      await cursor.close();
      return { answer: { portions } };
    } catch (error) {
      return { answer: { error: seenError(error), portions }, error };
    }
  }

  async #copy({ on, copy, input }: Copy): Promise<{ answer: Answer; error?: unknown }> {
    const client = this.#clients[on];
    const stream =
      input === undefined ? client.query(to(copy)) : client.query(from(copy)).end(input);
    try {
      let output = '';
      if ('setEncoding' in stream)
        for await (const chunk of stream as AsyncIterable<Buffer>) output += String(chunk);
      else await finished(stream);
      return { answer: { output, rowCount: stream.rowCount } };
    } catch (error) {
      return { answer: { error: seenError(error) }, error };
    }
  }

  /**
   * Others' notifications come whenever the server has time: before it answers anything, at the latest.
   * While one is in a transaction nobody else can ask, so that nobody knows what has come by then.
   */
  async #hearAll(step: Step): Promise<string[][]> {
    this.#listens ||= 'sql' in step && step.sql.includes('LISTEN');
    if (!this.#listens || this.busy !== undefined) return [];
    for (const client of this.#heard.keys()) await client.query('');
    return this.#notifications.map((heard) => heard.splice(0));
  }

  async #exchange(name: ClientName): Promise<{ answer: Answer }> {
    this.#clients[name].release();
    this.#clients[name] = await this.#pool.connect();
    this.#hear(this.#clients[name]);
    return { answer: { is: 'done' } };
  }

  #hear(client: pg.PoolClient): void {
    if (this.#heard.has(client)) return;
    const heard: string[] = [];
    this.#notifications.push(heard);
    const notify = ({ channel, payload }: pg.Notification) => {
      heard.push(`${channel} ${payload ?? ''}`);
    };
    client.on('notice', this.#notice).on('notification', notify);
    this.#heard.set(client, notify);
  }

  readonly #notice = (notice: unknown) => {
    const { severity, code, message, detail, hint } = notice as pg.DatabaseError;
    this.#notices.push({ severity, code, message, detail, hint });
  };
}

function seenResult({ command, rowCount, rows, fields }: pg.QueryResult): object {
  const columns = fields.map(({ name, dataTypeID }) => [name, typeSeen(dataTypeID)]);
  return { command, rowCount, rows: rows as unknown[], columns };
}

/** Types of the database's own have another id in another database. */
function typeSeen(oid: number): number | 'own' {
  return oid < 16384 ? oid : 'own';
}

/** All that the server says of an error but where in its own sources it made it. */
function seenError(error: unknown): object {
  const { length: _, file: __, line: ___, routine: ____, ...said } = error as pg.DatabaseError;
  // What is not said is the same as what is absent; the sandbox adds the first error as the cause.
  const known = Object.entries(said).filter(
    ([key, value]) => key !== 'cause' && value !== undefined,
  );
  const { where } = error as pg.DatabaseError;
  return {
    ...Object.fromEntries(known),
    // The one difference between the two databases.
    message: (error as Error).message.replace(/\bsavepoint_(?:real|sandboxed)_/g, 'savepoint_'),
    // Portals of `pg-cursor` are numbered, and a function is called what it was called when its connection ran it first.
    ...(where !== undefined && {
      where: where.replace(/"C_\d+"/, '"C"').replace(/\bfunction public\./g, 'function '),
    }),
  };
}
