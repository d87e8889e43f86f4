/**
 * The same program on a database for real and in a sandbox over another one: what the app sees must
 * be the same.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { openSandbox, type Sandbox } from '../../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../../runtime/src/trace.ts';
import { scratchDatabase } from '../../../support/database.ts';

/** One statement: SQL for client `a`, or for another client, or with values. */
export type Step = string | Asked;

export interface Asked {
  readonly on?: 'a' | 'b' | 'pool';
  readonly sql: string;
  readonly values?: unknown[];
  /** Of a prepared statement. */
  readonly name?: string;
  /** Forces the extended protocol where the driver would use the simple one. */
  readonly queryMode?: 'extended';
}

/** What the app sees of one statement. */
export interface Observation {
  readonly sql: string;
  readonly results?: readonly {
    readonly command: string;
    readonly rowCount: number | null;
    readonly fields: readonly string[];
    readonly rows: unknown[];
  }[];
  readonly error?: {
    readonly code: string | undefined;
    readonly message: string;
    readonly severity: string | undefined;
    readonly position: string | undefined;
    readonly detail: string | undefined;
    readonly hint: string | undefined;
    readonly where: string | undefined;
    readonly constraint: string | undefined;
  };
  readonly notices: readonly {
    readonly severity: string | undefined;
    readonly code: string | undefined;
    readonly message: string | undefined;
  }[];
  /** `I`, `T` or `E` of each client. */
  readonly status: string;
}

/** The schema of both. */
export const SCHEMA = `
  CREATE TABLE users (id int PRIMARY KEY, name text UNIQUE);
  CREATE TABLE posts (
    id int PRIMARY KEY,
    author int REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    editor int REFERENCES users DEFERRABLE INITIALLY IMMEDIATE
  );
  CREATE TABLE log (line text);
  CREATE FUNCTION log_post() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO log VALUES ('post ' || NEW.id); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER logged AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_post();
`;

/** Two databases of the same schema: one used for real, one behind a sandbox, and a witness of the second. */
export class Twins {
  readonly real: pg.Pool;
  readonly sandboxed: pg.Pool;
  readonly sandbox: Sandbox;
  readonly #witness: pg.Pool;
  readonly #connections: pg.Pool;

  private constructor(realUrl: string, sandboxUrl: string) {
    this.real = new pg.Pool({ connectionString: realUrl });
    this.#witness = new pg.Pool({ connectionString: sandboxUrl, lock_timeout: 5_000 });
    this.#connections = new pg.Pool({ connectionString: sandboxUrl });
    // `end()` resolves before sockets are closed, and the database is dropped right after.
    for (const pool of [this.real, this.#witness, this.#connections]) {
      pool.on('error', () => undefined);
    }
    this.sandbox = openSandbox({
      name: 'twins',
      opened: captureTrace(),
      checkout: () => this.#connections.connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
      pool: this.#connections.options,
    });
    this.sandboxed = this.sandbox.pool;
  }

  static async open(t: TestContext): Promise<Twins> {
    const [realUrl, sandboxUrl] = await Promise.all([scratchDatabase(t), scratchDatabase(t)]);
    const twins = new Twins(realUrl, sandboxUrl);
    t.after(() => twins.#end());
    await twins.real.query(SCHEMA);
    await twins.#witness.query(SCHEMA);
    return twins;
  }

  /** Runs a program on both and asserts that nothing differs, and that nobody else saw the second. */
  async agreeOn(program: readonly Step[]): Promise<readonly Observation[]> {
    const expected = await observeAll(this.real, 'real', program);
    const actual = await observeAll(this.sandboxed, 'sandboxed', program);
    assert.deepEqual(actual, expected);
    await this.assertUnseen();
    return actual;
  }

  async assertUnseen(): Promise<void> {
    const { rows } = await this.#witness.query(
      'SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM posts) + (SELECT count(*) FROM log) AS n',
    );
    assert.deepEqual(rows, [{ n: '0' }], 'another connection sees rows of the sandbox');
  }

  async #end(): Promise<void> {
    await this.sandbox.close();
    await this.assertUnseen();
    await Promise.all([this.real.end(), this.#witness.end(), this.#connections.end()]);
  }
}

async function observeAll(
  pool: pg.Pool,
  what: 'real' | 'sandboxed',
  program: readonly Step[],
): Promise<Observation[]> {
  const observer = await Observer.over(pool, what);
  const observations: Observation[] = [];
  try {
    for (const step of program) observations.push(await observer.observe(step));
  } finally {
    await observer.end();
  }
  return observations;
}

/** An app with two clients of one pool, which notes all that it sees. */
export class Observer {
  readonly #pool: pg.Pool;
  readonly #isReal: boolean;
  readonly #clients: Readonly<Record<'a' | 'b', pg.PoolClient>>;
  readonly #notices: Observation['notices'][number][] = [];

  private constructor(pool: pg.Pool, isReal: boolean, [a, b]: [pg.PoolClient, pg.PoolClient]) {
    this.#pool = pool;
    this.#isReal = isReal;
    this.#clients = { a, b };
    for (const client of [a, b]) client.on('notice', this.#hear);
  }

  static async over(pool: pg.Pool, what: 'real' | 'sandboxed'): Promise<Observer> {
    const clients = [await pool.connect(), await pool.connect()] as [pg.PoolClient, pg.PoolClient];
    return new Observer(pool, what === 'real', clients);
  }

  async observe(step: Step): Promise<Observation> {
    const { on = 'a', ...config } = typeof step === 'string' ? { sql: step } : step;
    const { sql, ...rest } = config;
    const asked = (on === 'pool' ? this.#pool : this.#clients[on]).query({ text: sql, ...rest });
    const outcome: Pick<Observation, 'results' | 'error'> = await asked.then(
      seenResults,
      seenError,
    );
    // The driver tells an error before it knows the state after it; a logical client knows both.
    if (outcome.error && on !== 'pool' && this.#isReal) await this.#clients[on].query('');
    const { a, b } = this.#clients;
    const status = `${String(a.getTransactionStatus())}${String(b.getTransactionStatus())}`;
    return { sql, ...outcome, notices: this.#notices.splice(0), status };
  }

  /** Rolls back what is open and gives the clients back. */
  async end(): Promise<void> {
    for (const client of Object.values(this.#clients)) {
      client.off('notice', this.#hear);
      await client.query('ROLLBACK').catch(() => undefined);
      client.release();
    }
  }

  readonly #hear = ({ severity, code, message }: Notice) => {
    this.#notices.push({ severity, code, message });
  };
}

type Notice = Partial<Record<'severity' | 'code' | 'message', string | undefined>>;

function seenResults(answer: pg.QueryResult | pg.QueryResult[]): Pick<Observation, 'results'> {
  return {
    results: [answer].flat().map(({ command, rowCount, fields, rows }) => ({
      command,
      rowCount,
      fields: fields.map(({ name }) => name),
      rows: rows as unknown[],
    })),
  };
}

function seenError(error: unknown): Pick<Observation, 'error'> {
  const { code, message, severity, position, detail, hint, where, constraint } =
    error as pg.DatabaseError;
  return { error: { code, message, severity, position, detail, hint, where, constraint } };
}
