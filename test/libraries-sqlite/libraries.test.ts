/**
 * Every library runs the programme on a file for real, and in each kind of sandbox: what the app sees
 * is the same, and the next test sees nothing of it.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { tempDir } from '../../runtime/src/process/index.ts';
import { BetterRawHandle } from '../../runtime/src/sqlite/better-sqlite3.ts';
import { sqlite } from '../../runtime/src/sqlite/index.ts';
import { leaseOf } from '../../runtime/src/sqlite/lease.ts';
import { watchHandle } from '../../runtime/src/sqlite/watched-handle.ts';
import { scopeOf } from '../../runtime/src/test-scope.ts';
import { captureTrace } from '../../runtime/src/trace.ts';
import { outcome } from '../libraries/outcome.ts';
import { scriptedTest } from '../runtime/support/scripted-test.ts';
import * as drizzle from './drizzle.ts';
import * as knex from './knex.ts';
import * as kysely from './kysely.ts';
import type { App, Open } from './library.ts';

const LIBRARIES: Readonly<Record<string, Open>> = {
  kysely: kysely.open,
  drizzle: drizzle.open,
  knex: knex.open,
};

const SCHEMA = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
  CREATE TABLE posts (author REFERENCES users DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO users (name) VALUES ('Root');
`;
const ORPHAN = 'INSERT INTO posts VALUES (-1)';

/** What an app does, and what it may see of it. */
const PROGRAMME: Readonly<Record<string, (app: App) => Promise<unknown>>> = {
  'a statement by itself': (app) => app.insert('Ada'),
  'many statements at once': (app) => Promise.all(['Ada', 'Bob', 'Cleo'].map(app.insert)),
  'a failed statement': (app) => app.insert('Root'),
  'a statement that is no SQL': (app) => app.execute('SELEC 1'),
  'a transaction that commits': (app) => app.transaction(['Ada', 'Bob'], 'commit'),
  'a transaction that throws': (app) => app.transaction(['Ada', 'Bob'], 'throw'),
  'a transaction that fails in a statement': (app) => app.transaction(['Ada', 'Root'], 'commit'),
  'a nested transaction that commits': (app) => app.nested('Ada', 'Bob', 'commit'),
  'a nested transaction that throws': (app) => app.nested('Ada', 'Bob', 'throw'),
  'asynchronous work in a transaction': (app) =>
    app.transaction(['Ada'], 'commit', (queries) => queries.names()),
  'a deferred key that fails at COMMIT': (app) =>
    app.transaction([], 'commit', (queries) => queries.execute(ORPHAN)),
  'a deferred key outside of a transaction': (app) => app.execute(ORPHAN),
  'two transactions after one another': async (app) => {
    const first = await outcome(() => app.transaction(['Ada', 'Root'], 'commit'));
    return [first, await app.transaction(['Ada'], 'commit')];
  },
  'a table of its own': async (app) => {
    await app.execute('CREATE TABLE more (x)');
    return app.execute('INSERT INTO more VALUES (1)');
  },
};

/** Gives each of the tests that run its handle. */
type HandleFor = (t: TestContext) => Promise<Database.Database>;

const PLACES: Readonly<Record<string, (t: TestContext) => HandleFor>> = {
  'rollback on a file': (t) => {
    const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
    return (inner) => db.rollback(inner);
  },
  'rollback in memory': () => {
    const db = sqlite({ migrate: SCHEMA });
    return (inner) => db.rollback(inner);
  },
  clone: () => {
    const db = sqlite({ migrate: SCHEMA });
    return (inner) => db.clone(inner);
  },
  'rollbackEach of the app’s handle': (t) => {
    const handle = migrated(t);
    const watch = watchHandle(handle, () => new BetterRawHandle(handle));
    t.after(() => {
      watch.restore();
    });
    return (inner) => {
      const use = watch.enter(leaseOf(scopeOf(inner), captureTrace()));
      inner.after(() => {
        watch.leave(use);
        use.close();
      });
      return Promise.resolve(handle);
    };
  },
};

function migrated(t: TestContext): Database.Database {
  const handle = new Database(join(tempDir(t), 'real.db'));
  handle.pragma('synchronous = OFF');
  handle.exec(SCHEMA);
  t.after(() => handle.close());
  return handle;
}

async function seenBy(
  open: Open,
  handle: Database.Database,
  run: (app: App) => Promise<unknown>,
): Promise<unknown> {
  const app = open(handle);
  try {
    return [await outcome(() => run(app)), await app.names()];
  } finally {
    await app.close?.();
  }
}

for (const [library, open] of Object.entries(LIBRARIES))
  for (const [place, prepare] of Object.entries(PLACES))
    test(`${library}, ${place}`, async (t) => {
      const handleFor = prepare(t);
      for (const [title, run] of Object.entries(PROGRAMME)) {
        await t.test(title, async (row) => {
          const inner = scriptedTest(title);
          const here = await seenBy(open, await handleFor(inner.t), run);
          assert.equal(await inner.end(), undefined);
          assert.deepEqual(here, await seenBy(open, migrated(row), run));
        });
      }
    });
