/** Sandboxes of several tests over one pool of real connections, and somebody who watches the server. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { hazards, type HazardError } from '../../../runtime/src/hazard-error.ts';
import { openSandbox, type Sandbox } from '../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { afterAllElse, scratchDatabase } from '../../support/database.ts';

export interface Scene {
  readonly connectionString: string;
  /** A sandbox of a test of that name; closed with the scene, if not before. */
  readonly sandboxOf: (name: string) => Sandbox;
  readonly witness: Witness;
  /** The pool that real connections come from. */
  readonly connections: pg.Pool;
}

interface SceneOptions {
  readonly schema?: string;
  /** How its real connections are made. */
  readonly real?: pg.PoolConfig;
  /** What else the app has set on its pool. */
  readonly app?: pg.PoolConfig;
  /** The database to be in, instead of an empty one of its own. */
  readonly database?: string;
}

export async function sceneFor(
  t: TestContext,
  { schema, real = {}, app = {}, database }: SceneOptions = {},
): Promise<Scene> {
  const connectionString = database ?? (await scratchDatabase(t));
  const connections = new pg.Pool({ connectionString, ...real });
  connections.on('error', () => undefined);
  const witness = new Witness(connectionString);
  const sandboxes: Sandbox[] = [];
  afterAllElse(t, async () => {
    await Promise.all(sandboxes.map((sandbox) => sandbox.close().catch(() => undefined)));
    if (!connections.ending) await connections.end();
    await witness.end();
  });
  if (schema !== undefined) await witness.rows(schema);
  const sandboxOf = (name: string) => {
    const sandbox = openSandbox({
      name,
      opened: captureTrace(),
      checkout: () => connections.connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
      pool: { ...real, ...app },
    });
    sandboxes.push(sandbox);
    return sandbox;
  };
  return { connectionString, sandboxOf, witness, connections };
}

/** Looks at a database from outside. */
export class Witness {
  /** Of one connection, which is made anew when the server has ended it. */
  readonly #pool: pg.Pool;

  constructor(connectionString: string) {
    this.#pool = new pg.Pool({
      connectionString,
      max: 1,
      idleTimeoutMillis: 0,
      lock_timeout: 5_000,
    });
    this.#pool.on('error', () => undefined);
  }

  async rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
    const { rows } = await this.#pool.query<unknown[]>({ text: sql, values, rowMode: 'array' });
    return rows;
  }

  /** Settles once a query answers a row. The test's time-out is the deadline. */
  async until(sql: string, values: unknown[] = []): Promise<void> {
    while ((await this.rows(sql, values)).length === 0) await delay(10);
  }

  /** Settles once some session of this database waits for a lock. */
  untilSomebodyWaits(count = 1): Promise<void> {
    return this.until(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' HAVING count(*) >= ${String(count)}`,
    );
  }

  /** Settles once nobody else is connected to this database, or has a lock in it. */
  untilAlone(): Promise<void> {
    return this.until(
      `SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')
         AND NOT EXISTS (SELECT FROM pg_locks JOIN pg_database ON oid = database WHERE datname = current_database() AND pid <> pg_backend_pid())`,
    );
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

/** The hazards that are made while a test runs. */
export function hazardsDuring(t: TestContext): readonly HazardError[] {
  const made: HazardError[] = [];
  const hear = (hazard: unknown) => made.push(hazard as HazardError);
  subscribe(hazards.name, hear);
  t.after(() => unsubscribe(hazards.name, hear));
  return made;
}

/** The codes of the errors that a sandbox ended with. */
export function hazardsOf(error: unknown): (string | undefined)[] {
  const errors = error instanceof AggregateError ? error.errors : [error];
  return errors.map((each: unknown) => (each as { readonly code?: string } | undefined)?.code);
}
