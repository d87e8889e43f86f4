/**
 * A client that an app or a library connects by itself, as pools other than pg's do: what it is asked
 * goes to a logical client in the sandbox of whoever asks, so that a library may hand one client from
 * test to test. It opens no connection. Knows neither whose sandboxes there are nor any SQL but SET.
 */
import type { EventEmitter } from 'node:events';
import pg from 'pg';
import type { StandIn } from './app-pool.ts';
import type { LogicalClient } from './logical-client.ts';
import type { LogicalPool } from './logical-pool.ts';
import { isOwn } from './own-pools.ts';
import { markPlace, resumeAt } from './place-mark.ts';
import type { Submission } from './exchange.ts';
import { isWord } from './sql-lexer.ts';
import { statementsOf, type Statement } from './statements.ts';

type Method = (this: pg.Client, ...args: unknown[]) => unknown;
type Methods = Record<'connect' | 'query' | 'end' | 'getTransactionStatus', Method>;
type Callback = (error: Error | null, answer?: unknown) => void;

/** Fields of `pg.Client` that its types leave out, and that libraries read. */
interface Inner {
  _connected: boolean;
  _ending: boolean;
  _ended: boolean;
  processID: number | null;
  readonly binary?: boolean;
  readonly connectionParameters: Readonly<Record<string, unknown>>;
}

const captured = new WeakMap<pg.Client, CapturedClient>();
const replaced = new WeakSet<object>();
/** Set while a pool of pg's connects a client of its own: the pool is stood in for, or is real. */
let poolConnecting = false;

/**
 * Captures every client that is connected from now on, except those of pg's pools.
 * @param Client the class, in whatever copy of `pg`
 * @param standInFor answers for a pool with the options of the client
 */
export function captureClients(
  { prototype }: { readonly prototype: object },
  standInFor: (pool: pg.Pool) => StandIn,
): void {
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  const { connect } = prototype as Methods;
  replace(prototype, 'connect', function (...args) {
    if (poolConnecting || isOwn(this)) return connect.apply(this, args);
    let client = captured.get(this);
    if (!client) captured.set(this, (client = new CapturedClient(this, standInFor)));
    return client.connect(args[0] as Callback | undefined);
  });
  delegate(prototype, 'query', (client, args) => client.query(args));
  delegate(prototype, 'end', (client, args) => client.end(args[0] as Callback | undefined));
  delegate(prototype, 'getTransactionStatus', (client) => client.status());
}

/** Leaves the clients alone that pools of this class connect. @param prototype of pg-pool's class */
export function leaveClientsOfPools({ prototype }: { readonly prototype: object }): void {
  if (replaced.has(prototype)) return;
  replaced.add(prototype);
  const { newClient } = prototype as { readonly newClient: Method };
  Object.defineProperty(prototype, 'newClient', {
    configurable: true,
    writable: true,
    value(this: pg.Client, ...args: unknown[]) {
      poolConnecting = true;
      try {
        return newClient.apply(this, args);
      } finally {
        poolConnecting = false;
      }
    },
  });
}

/** Asks the captured client where there is one, else the original. */
function delegate(
  prototype: object,
  name: keyof Methods,
  ask: (client: CapturedClient, args: unknown[]) => unknown,
): void {
  const original = (prototype as Methods)[name];
  replace(prototype, name, function (...args) {
    const client = captured.get(this);
    return client ? ask(client, args) : original.apply(this, args);
  });
}

function replace(prototype: object, name: keyof Methods, value: Method): void {
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value });
}

class CapturedClient {
  readonly #client: pg.Client & Inner;
  readonly #stand: StandIn;
  /** What it is in each sandbox. */
  readonly #logical = new WeakMap<pg.Pool, Connected>();
  /** What it was SET to before it was first used: so it is in every sandbox. */
  readonly #settings: string[] = [];
  #used = false;
  /** Settles when all that was put off has been asked. */
  #putOff: Promise<void> | undefined;

  constructor(client: pg.Client, standInFor: (pool: pg.Pool) => StandIn) {
    this.#client = client as pg.Client & Inner;
    this.#stand = standInFor(new pg.Pool(optionsOf(this.#client)));
  }

  // ---- its life

  connect(callback: Callback | undefined): Promise<pg.Client> | undefined {
    const connecting = this.#connect();
    if (!callback) return connecting;
    connecting.then(
      (client) => {
        callback(null, client);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
    return undefined;
  }

  async #connect(): Promise<pg.Client> {
    const client = this.#client;
    if (client._connected)
      throw new Error('Client has already been connected. You cannot reuse a client.');
    client._connected = true;
    const { logical, connecting } = await this.#choose();
    await connecting;
    client.processID = (logical as unknown as Inner).processID;
    client.emit('connect');
    return client;
  }

  end(callback: Callback | undefined): Promise<void> | undefined {
    const ended = this.#client._ending ? Promise.resolve() : this.#end();
    if (!callback) return ended;
    void ended.then(() => {
      callback(null);
    });
    return undefined;
  }

  async #end(): Promise<void> {
    const client = this.#client;
    client._ending = true;
    await this.#shown()?.end();
    client._ended = true;
    client.emit('end');
  }

  status(): string | null {
    if (!this.#client._connected) return null;
    return this.#shown()?.getTransactionStatus() ?? 'I';
  }

  // ---- what it is asked

  /** As `pg.Client.query`, in all its forms. */
  query(args: unknown[]): unknown {
    if (this.#client._ending)
      return refuse(args, new Error('Client was closed and is not queryable'));
    let chosen: Connected | Promise<Connected>;
    try {
      chosen = this.#choose();
    } catch (error) {
      return refuse(args, error as Error);
    }
    this.#noteSettings(args[0]);
    if (chosen instanceof Promise || this.#putOff)
      return this.#askLater(Promise.resolve(chosen), args);
    return this.#ask(chosen, args);
  }

  /** Asks behind what was put off before, in the context and from the place that asked first. */
  #askLater(chosen: Promise<Connected>, args: unknown[]): unknown {
    const asked = markPlace();
    const behind = this.#putOff;
    const ready = behind ? chosen.finally(() => behind) : chosen;
    const answer = ready.then((connected) => ({
      answer: resumeAt(asked, () => this.#ask(connected, args)),
    }));
    const putOff = answer.then(
      () => undefined,
      () => undefined,
    );
    this.#putOff = putOff;
    void putOff.then(() => {
      if (this.#putOff === putOff) this.#putOff = undefined;
    });
    if (hearsPromise(args)) return answer.then((given) => given.answer);
    answer.catch((error: unknown) => {
      refuse(args, error as Error);
    });
    return isSubmission(args[0]) ? args[0] : undefined;
  }

  #ask(connected: Connected, args: unknown[]): unknown {
    const [config] = args;
    const { logical } = connected;
    if (discardsAll(config) && !logical.transaction) return this.#beginAnew(connected, args);
    if (isSubmission(config)) tellRows(config, this.#client.connection);
    return (logical as unknown as { query(...args: unknown[]): unknown }).query(...args);
  }

  /** After DISCARD ALL a session is as new: another logical client is. */
  #beginAnew({ logical, pool }: Connected, args: unknown[]): unknown {
    this.#settings.length = 0;
    this.#connectIn(pool);
    const [config, values, callback] = args;
    const query = new pg.Query(config as string, values as never, callback as never) as never;
    return answered(query, DISCARD_ALL, (answer) => {
      logical.whenAnswered(() => {
        void logical.end();
        process.nextTick(answer);
      });
    });
  }

  #noteSettings(config: unknown): void {
    if (this.#used) return;
    const statements = statementsIn(config);
    if (statements.length > 0 && statements.every(({ kind }) => kind === 'set session'))
      this.#settings.push(textOf(config));
    else this.#used = !statements.every(isRead);
  }

  // ---- whose it is

  #choose(): Connected | Promise<Connected> {
    const pool = this.#stand.choose() as LogicalPool | Promise<LogicalPool>;
    return pool instanceof Promise ? pool.then((given) => this.#in(given)) : this.#in(pool);
  }

  #in(pool: LogicalPool): Connected {
    return this.#logical.get(pool) ?? this.#connectIn(pool);
  }

  #connectIn(pool: LogicalPool): Connected {
    const logical = pool.beside();
    const connecting = logical.connect() as Promise<unknown>;
    connecting.catch(() => undefined);
    for (const event of EVENTS)
      logical.on(event, (...args: unknown[]) => this.#client.emit(event, ...(args as never[])));
    for (const text of this.#settings) logical.query(text as never, (() => undefined) as never);
    const connected = { logical, pool, connecting };
    this.#logical.set(pool, connected);
    return connected;
  }

  #shown(): LogicalClient | undefined {
    const pool = this.#stand.shown();
    return pool && this.#logical.get(pool)?.logical;
  }
}

interface Connected {
  readonly logical: LogicalClient;
  readonly pool: LogicalPool;
  readonly connecting: Promise<unknown>;
}

const EVENTS = ['notice', 'notification', 'error', 'drain'] as const;

/** What a pool would be given to make such clients, with the type parsers of its copy of `pg`. */
function optionsOf(client: pg.Client & Inner): pg.PoolConfig {
  const { connectionParameters, binary } = client;
  const { password } = connectionParameters;
  return { ...connectionParameters, password, binary, types: client } as pg.PoolConfig;
}

const DISCARD_ALL = 'DISCARD ALL';

function discardsAll(config: unknown): boolean {
  const [statement, ...others] = statementsIn(config);
  return (
    others.length === 0 &&
    statement?.kind === 'non-transactional' &&
    statement.command === DISCARD_ALL
  );
}

/**
 * Answers a query as the server does that has nothing but a command tag to say.
 * @param when calls back when it is time to answer
 */
function answered(query: Submission, tag: string, when: (answer: () => void) => void): unknown {
  const promise = query.callback
    ? undefined
    : new Promise((resolve) => {
        query.callback = (_, result) => {
          resolve(result);
        };
      });
  when(() => {
    query.handleCommandComplete?.({ text: tag }, undefined);
    query.handleReadyForQuery(undefined);
  });
  return promise;
}

function statementsIn(config: unknown): readonly Statement[] {
  return statementsOf(textOf(config));
}

function textOf(config: unknown): string {
  const text = typeof config === 'string' ? config : (Object(config) as { text?: unknown }).text;
  return typeof text === 'string' ? text : '';
}

/** A read that changes nothing, as libraries send to look around on a new connection. */
function isRead({ kind, fragment }: Statement): boolean {
  return kind === 'ordinary' && isWord(fragment.tokens[0], 'select');
}

/** Libraries listen on the connection for what a stream does not tell them. */
function tellRows(submission: Submission, connection: EventEmitter): void {
  const hear = submission.handleRowDescription?.bind(submission);
  submission.handleRowDescription = (message) => {
    hear?.(message);
    connection.emit('rowDescription', message);
  };
}

function isSubmission(config: unknown): config is Submission {
  return typeof (Object(config) as { submit?: unknown }).submit === 'function';
}

function callbackOf(args: unknown[]): Callback | undefined {
  const last = args.at(-1);
  const callback =
    typeof last === 'function' ? last : (Object(args[0]) as { callback?: unknown }).callback;
  return callback as Callback | undefined;
}

function hearsPromise(args: unknown[]): boolean {
  return !isSubmission(args[0]) && !callbackOf(args);
}

/** A refusal reaches whoever asked the way he hears errors. */
function refuse(args: unknown[], error: Error): unknown {
  const [config] = args;
  if (hearsPromise(args)) return Promise.reject(error);
  process.nextTick(() => {
    if (isSubmission(config)) config.handleError(error, undefined);
    else callbackOf(args)?.(error);
  });
  return isSubmission(config) ? config : undefined;
}
