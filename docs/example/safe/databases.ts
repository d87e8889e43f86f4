/** The databases of the safe tests. Nothing is opened until a test asks. */
import { postgres } from 'savepoint/pg';
import { sqlite } from 'savepoint/sqlite';
import * as onPostgres from '../src/postgres-store.ts';
import * as onSqlite from '../src/sqlite-store.ts';

export const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: onPostgres.schema,
});

const { TEST_SQLITE_FILE } = process.env;

/** A file that is named has its tables already; without one each test has a copy in memory. */
export const file = sqlite(
  TEST_SQLITE_FILE ? { file: TEST_SQLITE_FILE } : { migrate: onSqlite.schema },
);
