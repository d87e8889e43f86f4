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

/** A database of its own. @param real how its real connections are made */
export async function sceneFor(
  t: TestContext,
  { schema, real = {} }: { readonly schema?: string; readonly real?: pg.PoolConfig } = {},
): Promise<Scene> {
  const connectionString = await scratchDatabase(t);
  const connections = new pg.Pool({ connectionString, ...real });
  connections.on('error', () => undefined);
  const witness = await Witness.of(connectionString);
  const sandboxes: Sandbox[] = [];
  afterAllElse(t, async () => {
    await Promise.all(sandboxes.map((sandbox) => sandbox.close().catch(() => undefined)));
    await Promise.all([connections.end(), witness.end()]);
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
      pool: connections.options,
    });
    sandboxes.push(sandbox);
    return sandbox;
  };
  return { connectionString, sandboxOf, witness, connections };
}

/** Looks at a database from outside. */
export class Witness {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async of(connectionString: string): Promise<Witness> {
    const client = new pg.Client({ connectionString, lock_timeout: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    return new Witness(client);
  }

  async rows(sql: string, values: unknown[] = []): Promise<unknown[][]> {
    const { rows } = await this.#client.query<unknown[]>({ text: sql, values, rowMode: 'array' });
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
    return this.#client.end();
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
