/**
 * `node --import savepoint/rollback`: what the tests of this process do through any pool of `pg` is
 * rolled back, test by test, with no change to code. `rollbackEach()` for all pools there are.
 */
import { isMainThread } from 'node:worker_threads';
import pg from 'pg';
import { replaceMethods, standInForEvery } from './pg/app-pool.ts';
import { captureClients, leaveClientsOfPools } from './pg/captured-client.ts';
import { CapturedPool } from './pg/captured-pool.ts';
import { LogicalPool } from './pg/logical-pool.ts';
import { assertJavaScriptClient } from './pg/native-client.ts';
import { isOwn } from './pg/own-pools.ts';
import { sourceOf } from './pg/sources.ts';
import { onlyStartsProcesses } from './runner-process.ts';
import { loadEarly, whenLoaded } from './watch/loaded-modules.ts';

/** Names of databases, with commas, that may be tested on although they do not look like it. */
const { SAVEPOINT_ALLOW_DATABASE = '' } = process.env;

if (isMainThread && !onlyStartsProcesses()) install();

function install(): void {
  const allowDatabase = SAVEPOINT_ALLOW_DATABASE.split(',').map((name) => name.trim());
  const captured = { frames: [], place: undefined };
  const standIn = (pool: pg.Pool) => {
    const source = () => {
      assertJavaScriptClient(pool);
      return sourceOf(pool, allowDatabase);
    };
    return new CapturedPool(pool, { source, captured, mayEnd: true, startsUp: true });
  };
  standInForEvery((pool) =>
    isOwn(pool) || pool instanceof LogicalPool ? undefined : standIn(pool),
  );
  const capturePools = (Pool: typeof pg.Pool) => {
    replaceMethods(Pool.prototype);
    leaveClientsOfPools(Pool);
  };
  capturePools(Object.getPrototypeOf(pg.Pool) as typeof pg.Pool);
  captureClients(pg.Client, standIn);
  // A project may have several copies of pg; each has its own pg-pool, or shares one.
  whenLoaded('pg-pool/index.js', (exported) => {
    capturePools(exported as typeof pg.Pool);
  });
  whenLoaded('pg/lib/client.js', (exported) => {
    captureClients(exported as typeof pg.Client, standIn);
  });
  loadEarly(['pg']);
}
