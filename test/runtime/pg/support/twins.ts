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
export type Step =
  string | { readonly on?: 'a' | 'b' | 'pool'; readonly sql: string; readonly values?: unknown[] };

/** What the app sees of one statement. */
export interface Observation {
  readonly sql: string;
  readonly results?: readonly {
    readonly command: string;
    readonly rowCount: number | null;
    readonly rows: unknown[];
  }[];
  readonly error?: {
    readonly code: string | undefined;
    readonly message: string;
    readonly position: string | undefined;
  };
  readonly notices: readonly {
    readonly code: string | undefined;
    readonly message: string | undefined;
  }[];
  /** `I`, `T` or `E` of each client. */
  readonly status: string;
}

const SCHEMA = `
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
    const expected = await observe(this.real, program);
    const actual = await observe(this.sandboxed, program);
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

async function observe(pool: pg.Pool, program: readonly Step[]): Promise<Observation[]> {
  const clients = { a: await pool.connect(), b: await pool.connect() };
  const notices: { code: string | undefined; message: string | undefined }[] = [];
  const hear = ({ code, message }: { code?: string | undefined; message?: string | undefined }) =>
    notices.push({ code, message });
  for (const client of Object.values(clients)) client.on('notice', hear);
  const observations: Observation[] = [];
  try {
    for (const step of program) {
      const { on = 'a', sql, values } = typeof step === 'string' ? { sql: step } : step;
      const asked = on === 'pool' ? pool.query(sql, values) : clients[on].query(sql, values);
      const outcome: Pick<Observation, 'results' | 'error'> = await asked.then(
        seenResults,
        seenError,
      );
      // The driver tells an error before it knows the state after it.
      if (outcome.error && on !== 'pool') await clients[on].query('');
      const status = `${String(clients.a.getTransactionStatus())}${String(clients.b.getTransactionStatus())}`;
      observations.push({ sql, ...outcome, notices: notices.splice(0), status });
    }
  } finally {
    for (const client of Object.values(clients)) {
      client.off('notice', hear);
      await client.query('ROLLBACK');
      client.release();
    }
  }
  return observations;
}

function seenResults(answer: pg.QueryResult | pg.QueryResult[]): Pick<Observation, 'results'> {
  return {
    results: [answer]
      .flat()
      .map(({ command, rowCount, rows }) => ({ command, rowCount, rows: rows as unknown[] })),
  };
}

function seenError(error: unknown): Pick<Observation, 'error'> {
  const { code, message, position } = error as pg.DatabaseError;
  return { error: { code, message, position } };
}
