/** Everybody who is measured: savepoint, its peers, and what one writes by hand. */
import pg from 'pg';
import { postgres, type PostgresFixture } from 'savepoint/pg';
import { runInTest } from './bare-test.ts';
import { TABLES, type Body, type Contender } from './contender.ts';

type Around = (client: pg.Client, body: Body) => Promise<void>;

/** A dedicated client; `around` is how a test, or a statement, is run on it. */
function onClient(
  around: Around,
  { isolates = true, begun = false, pipeline = false } = {},
): Contender {
  let client: pg.Client;
  return {
    isolates,
    async setup(connectionString) {
      client = new pg.Client({ connectionString, pipeline });
      await client.connect();
      if (begun) await client.query('BEGIN');
    },
    run: (body) => around(client, body),
    async afterRound() {
      if (begun) await client.query('ROLLBACK;BEGIN');
      else if (pipeline) await client.query('ROLLBACK');
    },
    teardown: () => client.end(),
  };
}

const asItIs: Around = (client, body) => body(client);

/** What a suite does in its hooks. */
const handWritten = () =>
  onClient(async (client, body) => {
    await client.query('BEGIN');
    try {
      await body(client);
    } finally {
      await client.query('ROLLBACK');
    }
  });

const cleanedBy = (sql: string) =>
  onClient(async (client, body) => {
    try {
      await body(client);
    } finally {
      await client.query(sql);
    }
  });

function rawPool(): Contender {
  let pool: pg.Pool;
  return {
    isolates: false,
    setup(connectionString) {
      // A round of this contender may come later than the idle time-out.
      pool = new pg.Pool({ connectionString, idleTimeoutMillis: 0 });
    },
    run: (body) => body(pool),
    teardown: () => pool.end(),
  };
}

/** One database per test, from a template. */
function clone(strategy: 'WAL_LOG' | 'FILE_COPY'): Contender {
  let url: string;
  let admin: pg.Client;
  let clones = 0;
  return {
    isolates: true,
    async setup(connectionString) {
      url = connectionString;
      admin = new pg.Client(atDatabase(url, 'postgres'));
      await admin.connect();
    },
    async run(body) {
      const template = databaseOf(url);
      const name = `${template}_${String(++clones)}`;
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY ${strategy}`);
      const client = new pg.Client(atDatabase(url, name));
      try {
        await client.connect();
        await body(client);
      } finally {
        await client.end();
        await admin.query(`DROP DATABASE ${name}`);
      }
    },
    teardown: () => admin.end(),
  };
}

/** `db.rollback(t)`: a sandbox for each test. */
function rollback({ max, atOnce = false }: { max?: number; atOnce?: boolean } = {}): Contender {
  let db: PostgresFixture;
  return {
    isolates: true,
    atOnce,
    setup: (connectionString) => void (db = fixtureOn(connectionString, max)),
    async run(body, t) {
      if (!t) throw new TypeError('a sandbox is for a test');
      await body(await db.rollback(t));
    },
    teardown: () => undefined,
  };
}

/** One sandbox for a whole round: what a statement costs in it. */
function openSandbox(inTransaction: boolean): Contender {
  let db: PostgresFixture;
  let target: pg.Pool | pg.PoolClient;
  let close: () => Promise<void>;
  async function open(): Promise<void> {
    await new Promise<void>((opened, failed) => {
      runInTest(async (t) => {
        const pool = await db.rollback(t);
        target = inTransaction ? await pool.connect() : pool;
        if (inTransaction) await target.query('BEGIN');
        const closed = new Promise<void>((resolve) => {
          close = async () => {
            if (inTransaction) {
              await target.query('ROLLBACK');
              (target as pg.PoolClient).release();
            }
            resolve();
          };
        });
        opened();
        await closed;
      }).catch(failed);
    });
  }
  return {
    isolates: true,
    async setup(connectionString) {
      db = fixtureOn(connectionString);
      await open();
    },
    run: (body) => body(target),
    async afterRound() {
      await close();
      await open();
    },
    teardown: () => close(),
  };
}

function fixtureOn(connectionString: string, max?: number): PostgresFixture {
  const allowDatabase = databaseOf(connectionString);
  return postgres({ connectionString, allowDatabase, ...(max === undefined ? {} : { max }) });
}

/** Patches every pool of the process; so it is loaded only where it is measured. */
function pgTransactionalTests(): Contender {
  let pool: pg.Pool;
  let transaction: typeof import('pg-transactional-tests').testTransaction;
  return {
    isolates: true,
    async setup(connectionString) {
      ({ testTransaction: transaction } = await import('pg-transactional-tests'));
      pool = new pg.Pool({ connectionString, idleTimeoutMillis: 0 });
      transaction.start();
    },
    async run(body) {
      transaction.start();
      try {
        await body(pool);
      } finally {
        await transaction.rollback();
      }
    },
    teardown: () => transaction.close(),
  };
}

/** Its hooks act on the client that it gives. */
function pgsqlTest(): Contender {
  let suite: Awaited<ReturnType<typeof import('pgsql-test').getConnections>>;
  return {
    isolates: true,
    async setup(url) {
      const { hostname: host, port, username: user, password } = new URL(url);
      const database = databaseOf(url);
      process.env['TEST_DB'] = database; // one that is there: it would shell out to make one
      const { getConnections } = await import('pgsql-test');
      suite = await getConnections(
        { pg: { host, port: Number(port), user, password, database }, db: { rootDb: 'postgres' } },
        [],
      );
    },
    async run(body) {
      await suite.pg.beforeEach();
      try {
        await body(suite.pg);
      } finally {
        await suite.pg.afterEach();
      }
    },
    teardown: () => suite.teardown({ keepDb: true }),
  };
}

/** Who is measured together; ratios are against the first. */
export const GROUPS = {
  test: {
    title: 'a test of three queries and its isolation',
    body: 'threeQueries',
    contenders: {
      'hand-written BEGIN and ROLLBACK': handWritten,
      savepoint: () => rollback(),
      'pg-transactional-tests': pgTransactionalTests,
      'pgsql-test': pgsqlTest,
      'no isolation, one client': () => onClient(asItIs, { isolates: false }),
      'pipelined ROLLBACK;BEGIN, the floor': () =>
        onClient(
          async (client, body) => {
            const reset = client.query('ROLLBACK;BEGIN');
            await body(client);
            await reset;
          },
          { pipeline: true },
        ),
    },
  },
  heavy: {
    title: 'the same test, isolation that writes files',
    body: 'threeQueries',
    contenders: {
      'TRUNCATE of 20 tables': () => cleanedBy(`TRUNCATE ${TABLES.join(', ')}`),
      savepoint: () => rollback(),
      'a clone per test, WAL_LOG': () => clone('WAL_LOG'),
      'a clone per test, FILE_COPY': () => clone('FILE_COPY'),
    },
  },
  insert: {
    title: 'one insert outside of a transaction',
    body: 'oneInsert',
    contenders: {
      'the raw pool': rawPool,
      savepoint: () => openSandbox(false),
      'savepoints by hand, pipelined': () =>
        onClient(
          async (client, body) => {
            await Promise.all([
              client.query('SAVEPOINT s'),
              body(client),
              client.query('RELEASE s'),
            ]);
          },
          { begun: true, pipeline: true },
        ),
    },
  },
  'insert in a transaction': {
    title: 'one insert inside a transaction of the app',
    body: 'oneInsert',
    contenders: {
      'the raw client': () => onClient(asItIs, { begun: true }),
      savepoint: () => openSandbox(true),
    },
  },
  'select in a transaction': {
    title: 'one select inside a transaction of the app',
    body: 'oneSelect',
    contenders: {
      'the raw client': () => onClient(asItIs, { begun: true }),
      savepoint: () => openSandbox(true),
    },
  },
  concurrent: {
    title: 'a test of 200 on 8 connections',
    body: 'threeQueries',
    contenders: {
      'one after another': () => rollback({ max: 8 }),
      'all at once': () => rollback({ max: 8, atOnce: true }),
    },
  },
} as const;
export type GroupName = keyof typeof GROUPS;

/** @throws TypeError for a name that no contender of the group has */
export function contenderNamed(group: GroupName, name: string): Contender {
  const contenders: Record<string, () => Contender> = GROUPS[group].contenders;
  const make = contenders[name];
  if (!make) throw new TypeError(`no contender "${name}" in ${group}`);
  return make();
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function atDatabase(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
