/** A sandbox over the test server, for one test. */
import type { TestContext } from 'node:test';
import pg from 'pg';
import { openSandbox, type Sandbox } from '../../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../../runtime/src/trace.ts';
import { scratchDatabase, testServer } from '../../../support/database.ts';

export interface Opened {
  readonly sandbox: Sandbox;
  readonly pool: pg.Pool;
  /** Somebody else's pool on the same database. */
  readonly witness: pg.Pool;
  /** The pool that real connections come from. */
  readonly connections: pg.Pool;
  /** What the connections came back with. */
  readonly givenBack: (Error | undefined)[];
}

/** Opens a sandbox that the test closes itself, or that is closed after it. */
export async function openedFor(
  t: TestContext,
  { pool, schema }: { readonly pool?: pg.PoolConfig; readonly schema?: string } = {},
): Promise<Opened> {
  const connectionString =
    schema === undefined ? (await testServer()).connectionString : await scratchDatabase(t);
  const connections = new pg.Pool({ connectionString });
  const witness = new pg.Pool({ connectionString, lock_timeout: 5_000 });
  connections.on('error', () => undefined);
  witness.on('error', () => undefined);
  const givenBack: (Error | undefined)[] = [];
  const sandbox = openSandbox({
    name: t.name,
    opened: captureTrace(),
    checkout: () => connections.connect(),
    giveBack: (client, error) => {
      givenBack.push(error);
      client.release(error);
    },
    ...(pool ? { pool } : {}),
  });
  t.after(async () => {
    await sandbox.close().catch(() => undefined);
    await Promise.all([connections.end(), witness.end()]);
  });
  if (schema !== undefined) await witness.query(schema);
  return { sandbox, pool: sandbox.pool, witness, connections, givenBack };
}
