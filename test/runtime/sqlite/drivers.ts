/**
 * The drivers of SQLite that can be loaded here, in one shape: better-sqlite3 is built for one
 * version of Node, `node:sqlite` comes with the newer ones.
 */
import type { TestContext } from 'node:test';
import { BetterRawHandle, type BetterHandle } from '../../../runtime/src/sqlite/better-sqlite3.ts';
import type { RawHandle } from '../../../runtime/src/sqlite/driver.ts';
import { sqlite, type Pragmas } from '../../../runtime/src/sqlite/index.ts';
import { NodeRawHandle, type NodeSqliteHandle } from '../../../runtime/src/sqlite/node-sqlite.ts';

/** What both drivers' handles have in common. */
export interface AnyHandle {
  exec(sql: string): unknown;
  prepare(sql: string): AnyStatement;
  close(): unknown;
}

interface AnyStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
  iterate(...values: unknown[]): IterableIterator<unknown>;
}

interface Options {
  readonly file?: string;
  readonly migrate?: string;
  readonly pragma?: Pragmas;
}

interface AnyDatabase {
  rollback(t: TestContext): Promise<AnyHandle>;
  clone(t: TestContext): Promise<AnyHandle>;
}

export interface DriverHere {
  readonly name: 'better-sqlite3' | 'node:sqlite';
  /** @param log is told every statement that SQLite runs; only better-sqlite3 tells */
  open(file: string, log?: (sql: string) => void): AnyHandle;
  raw(handle: AnyHandle): RawHandle<AnyHandle>;
  inTransaction(handle: AnyHandle): boolean;
  describe(options: Options): AnyDatabase;
}

type OpenBetter = new (
  file: string,
  options: { verbose?: ((sql: string) => void) | undefined },
) => BetterHandle;
type OpenNode = new (file: string, options: { timeout: number }) => NodeSqliteHandle;

export const DRIVERS: readonly DriverHere[] = [...(await betterSqlite3()), ...nodeSqlite()];

async function betterSqlite3(): Promise<DriverHere[]> {
  const { default: Open } = (await import('better-sqlite3')) as unknown as { default: OpenBetter };
  try {
    new Open(':memory:', {}).close();
  } catch (error) {
    if (!/NODE_MODULE_VERSION/.test(String(error))) throw error;
    return []; // It is built for the Node that installed it.
  }
  return [
    {
      name: 'better-sqlite3',
      open: (file, verbose) => new Open(file, { verbose }),
      raw: (handle) => new BetterRawHandle(handle as unknown as BetterHandle),
      inTransaction: (handle) => (handle as unknown as BetterHandle).inTransaction,
      describe: (options) => sqlite(options),
    },
  ];
}

function nodeSqlite(): DriverHere[] {
  const found = process.getBuiltinModule('node:sqlite') as { DatabaseSync: OpenNode } | undefined;
  if (!found) return [];
  const { DatabaseSync } = found;
  return [
    {
      name: 'node:sqlite',
      open: (file) => new DatabaseSync(file, { timeout: 5000 }),
      raw: (handle) => new NodeRawHandle(handle as NodeSqliteHandle),
      inTransaction: (handle) => (handle as NodeSqliteHandle).isTransaction,
      describe: (options) => sqlite({ ...options, driver: 'node:sqlite' }),
    },
  ];
}

/** What an app sees of something that may fail, in a form that can be compared. */
export function outcome(run: () => unknown): unknown {
  try {
    return { returned: run() ?? null };
  } catch (error) {
    const { name, message, code, errcode } = error as Error & { code?: string; errcode?: number };
    return { name, message, code, errcode };
  }
}

export function rowsOf(handle: AnyHandle, sql: string): unknown[] {
  return handle.prepare(sql).all();
}
