/** Whether a pool talks to the server in JavaScript, where savepoint can stand in for its clients. */
import type pg from 'pg';
import { SetupError } from '../setup-error.ts';

/** @throws SetupError `ERR_SAVEPOINT_NATIVE` when the clients of a pool are those of `pg.native` */
export function assertJavaScriptClient(pool: pg.Pool): void {
  const { Client } = pool as unknown as { readonly Client: { readonly prototype: object } };
  // Asked while it connects; libpq needs none.
  if ('getStartupConf' in Client.prototype) return;
  throw new SetupError(
    'ERR_SAVEPOINT_NATIVE',
    'A pool of `pg.native` (libpq) cannot be sandboxed: its statements are not sent by JavaScript. ' +
      'Use `pg` itself in tests: leave out `.native` and NODE_PG_FORCE_NATIVE, or give these tests a database of their own.',
  );
}
