/** Ways to isolate a test on SQLite: by hand, as suites do it, and by savepoint. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { sqlite, type SqliteDatabase } from 'savepoint/sqlite';

export type Handle = Database.Database;

/** One way to isolate a test. */
export interface Contender {
  setup(): void | Promise<void>;
  /** Gives a test its handle, and what was done with it is undone when the test ends. */
  handleFor(t: TestContext): Handle | Promise<Handle>;
}

export interface Group {
  readonly title: string;
  /** The first one is what the others are compared with. */
  readonly contenders: Readonly<Record<string, (folder: string) => Contender>>;
  /** What savepoint may cost at most, as a ratio to the first. */
  readonly most: number;
}

const TABLES = Array.from({ length: 60 }, (_, index) => `t${String(index + 1).padStart(2, '0')}`);

/** Sixty tables that refer to one another, each with an index. */
export const SCHEMA = TABLES.map((table, index) => {
  const before = TABLES[index - 1];
  const reference = before === undefined ? '' : ` references ${before}`;
  return (
    `create table ${table} (id integer primary key, name text not null, n int not null default 0, ` +
    `ref int${reference}); create index ${table}_ref on ${table} (ref);`
  );
}).join('\n');

const WAL = { journal_mode: 'WAL' };

/** What a suite does in its hooks, on a handle of its own. */
function handWritten(open: () => Handle): Contender {
  let handle: Handle;
  return {
    setup() {
      handle = open();
    },
    handleFor(t) {
      handle.exec('SAVEPOINT test');
      t.after(() => handle.exec('ROLLBACK TO test; RELEASE test'));
      return handle;
    },
  };
}

function bySavepoint(
  describe: () => SqliteDatabase,
  way: 'rollback' | 'clone' = 'rollback',
): Contender {
  let database: SqliteDatabase;
  return {
    setup() {
      database = describe();
    },
    handleFor: (t) => database[way](t),
  };
}

/** A database for every test. */
function anew(open: () => Handle): Contender {
  return {
    setup() {
      // Nothing is kept.
    },
    handleFor(t) {
      const handle = open();
      t.after(() => handle.close());
      return handle;
    },
  };
}

function migrated(file: string): Handle {
  const handle = new Database(file);
  handle.exec(SCHEMA);
  return handle;
}

export const GROUPS: Readonly<Record<string, Group>> = {
  wal: {
    title: 'rollback of a test of three queries, on a file in WAL mode',
    most: 1.1,
    contenders: {
      'hand-written SAVEPOINT and ROLLBACK TO': (folder) =>
        handWritten(() => {
          const handle = migrated(join(folder, 'hand.db'));
          handle.pragma('journal_mode = WAL');
          return handle;
        }),
      savepoint: (folder) =>
        bySavepoint(() =>
          sqlite({ file: join(folder, 'savepoint.db'), migrate: SCHEMA, pragma: WAL }),
        ),
    },
  },
  memory: {
    title: 'rollback of a test of three queries, in memory',
    most: 1.5,
    contenders: {
      'hand-written SAVEPOINT and ROLLBACK TO': () => handWritten(() => migrated(':memory:')),
      savepoint: () => bySavepoint(() => sqlite({ migrate: SCHEMA })),
    },
  },
  clone: {
    title: 'a database of 60 tables for each test, in memory',
    most: 0.2,
    contenders: {
      'migrating a fresh one': () => anew(() => migrated(':memory:')),
      savepoint: () => bySavepoint(() => sqlite({ migrate: SCHEMA }), 'clone'),
      'a serialized buffer by hand': () => {
        const template = migrated(':memory:');
        const image = template.serialize();
        template.close();
        return anew(() => new Database(image));
      },
    },
  },
};

export function groupNamed(name: string): Group {
  const group = GROUPS[name];
  if (!group) throw new TypeError(`no group ${name}; there are ${Object.keys(GROUPS).join(', ')}`);
  return group;
}

export function contenderNamed(spec: {
  readonly group: string;
  readonly name: string;
  readonly folder: string;
}): Contender {
  const make = groupNamed(spec.group).contenders[spec.name];
  if (!make) throw new TypeError(`no contender ${spec.name}`);
  return make(spec.folder);
}

let sequence = 0;

/** A test of three queries that checks what it sees. */
export function threeQueries(db: Handle): void {
  const n = ++sequence;
  const { lastInsertRowid: id } = db
    .prepare('insert into t01 (name, n) values (?, ?)')
    .run(`row ${String(n)}`, n);
  const found = db.prepare<[typeof id], { n: number }>('select id, name, n from t01 where id = ?');
  const updated = db.prepare('update t01 set n = n + 1 where id = ?').run(id);
  if (found.get(id)?.n !== n + 1 || updated.changes !== 1)
    throw new Error('the test saw wrong data');
}

export function assertEmpty(db: Handle): void {
  const [left] = db.prepare<[], { n: number }>('select count(*) as n from t01').all();
  if (left?.n !== 0) throw new Error('a test left rows behind');
}
