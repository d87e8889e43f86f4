/** Risky test files in the shapes of real code: every module system, style and way to take a context. */

export interface RiskyFile {
  readonly name: string;
  readonly file: string;
  readonly code: string;
}

/** Files whose reports all have repairs; `offers` are parts of titles that must be among them. */
export const RISKY: readonly (RiskyFile & { readonly offers: readonly string[] })[] = [
  {
    name: 'a client in CommonJS without semicolons, indented by tabs',
    file: 'tabs.test.cjs',
    offers: ['use(t', 'finally', 'hook'],
    code: `const { after, test } = require("node:test")
const { Pool } = require("pg")

const pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL })
after(() => pool.end())

test("a", async function () {
	const client = await pool.connect() // a session of its own
	await client.query(\`
		select 1
	\`)
	client.release()
})
`,
  },
  {
    name: 'a client that a helper takes, uses and answers from',
    file: 'helper.test.mjs',
    offers: ['finally'],
    code: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

async function count() {
  const client = await pool.connect();

  // How many are there?
  const { rows } = await client.query('select 2 as n');
  client.release();

  return rows[0].n;
}

test('counts', async () => {
  assert.equal(await count(), 2);
});
`,
  },
  {
    name: 'a client of a pool that a hook of the same test ends',
    file: 'lent.test.mjs',
    offers: ['finally'],
    code: `import { before, after, test } from 'node:test';
import pg from 'pg';

let pool;
let client;
before(() => {
  pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
});
after(() => pool.end());

test('a', async (t) => {
  const client = await pool.connect();
  await client.query('select 1');
  client.release();
});
`,
  },
  {
    name: 'a client of the file, whose pool a hook in front of it ends',
    file: 'shared-client.test.mjs',
    offers: ['hook'],
    code: `import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
let client;
after(() => pool.end());
before(async () => {
  client = await pool.connect();
});

test('a', () => client.query('select 1'));
`,
  },
  {
    name: 'a pool of a suite, TypeScript, in CRLF',
    file: 'suite.test.ts',
    offers: ['hook'],
    code: `import { describe, it, type TestContext } from 'node:test';
import { Pool } from 'pg';

describe('numbers', () => {
  const pool: Pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });

  it('counts', async (t: TestContext) => {
    await pool.query('select 1');
    t.diagnostic('counted');
  });
});
`.replaceAll('\n', '\r\n'),
  },
  {
    name: 'a pool under the default import',
    file: 'default.test.mjs',
    offers: ['hook'],
    code: `import test from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });

test('a', async () => {
  await pool.query('select 1');
});
`,
  },
  {
    name: 'a pool where the module is a function, and "after" another one',
    file: 'module.test.cjs',
    offers: ['hook'],
    code: `const test = require('node:test');
const { Pool } = require('pg');

const after = (n) => n + 1;
const pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });

test('a', async () => {
  await pool.query('select 1 + ' + after(1));
});
`,
  },
  {
    name: 'a connection that before opens, with names on lines of their own',
    file: 'lines.test.mjs',
    offers: ['hook'],
    code: `import {
  before,
  describe,
  test,
  // the last one
} from 'node:test';
import pg from 'pg';

describe('a session', () => {
  let client;

  before(async () => {
    client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
    await client.connect();
  });

  test('a', () => client.query('select 1'));
});
`,
  },
  {
    name: 'a server of beforeEach, under a namespace',
    file: 'namespace.test.mjs',
    offers: ['hook'],
    code: `import { once } from 'node:events';
import { createServer } from 'node:http';
import * as nt from 'node:test';

let server;
nt.beforeEach(async () => {
  server = createServer((_request, response) => response.end('ok'));
  server.listen(0);
  await once(server, 'listening');
});

nt.test('a', async () => {
  await fetch(\`http://localhost:\${server.address().port}\`);
});
`,
  },
  {
    name: 'two resources that the last lines release, one within the life of the other',
    file: 'two.test.mjs',
    offers: ['use(t', 'finally'],
    code: `import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import Database from 'better-sqlite3';

test('serves what is stored', async () => {
  const db = new Database(':memory:');
  db.exec("create table tags (name text); insert into tags values ('node')");
  const server = createServer((_request, response) => {
    response.end(db.prepare('select name from tags').pluck().get());
  });
  server.listen(0);
  await once(server, 'listening');

  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'node');

  // The server first: it still reads.
  await new Promise((resolve) => server.close(resolve));
  db.close();
});
`,
  },
  {
    name: 'a connection whose end nobody waits for',
    file: 'connection.test.mjs',
    offers: ['use(t', 'hook'],
    code: `import { test } from 'node:test';
import pg from 'pg';

const connectionString = process.env.TEST_DATABASE_URL;

test('a', async () => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('select 1');
  client.end();
});
`,
  },
  {
    name: 'a handle of a test that unpacks its context',
    file: 'unpacked.test.ts',
    offers: ['use(t', 'hook'],
    code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';

test('a', ({ name }) => {
  const db = new Database(':memory:');
  db.exec('create table tags (name text)');
  assert.equal(name, 'a');
  db.close();
});
`,
  },
  {
    name: 'a handle of a test in which t is another thing',
    file: 'taken.test.mjs',
    offers: ['use(t', 'hook'],
    code: `import { test } from 'node:test';
import Database from 'better-sqlite3';

const t = (text) => text.toUpperCase();

test('a', () => {
  const db = new Database(':memory:');
  db.exec(t('create table tags (name text)'));
  db.close(); // done
});
`,
  },
  {
    name: 'a handle in a subtest with a context of another name',
    file: 'subtest.test.mjs',
    offers: ['use(t', 'hook'],
    code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
import { tempDir } from 'savepoint/process';

test('a', async (outer) => {
  await tempDir(outer);
  await outer.test('b', (inner) => {
    const db = new Database(':memory:');
    db.exec('create table tags (name text)');

    db.close();
  });
});
`,
  },
  {
    name: 'a variable in a test that is told by a callback',
    file: 'callback.test.cjs',
    offers: ['savepoint/process', 'hook'],
    code: `const { test } = require('node:test');

test('a', function (_, done) {
  process.env.REPAIR_MODE = 'on';
  setImmediate(done);
});
`,
  },
  {
    name: 'variables of the environment: two, a deletion, a number, one by a name',
    file: 'variables.test.mjs',
    offers: ['savepoint/process', 'hook'],
    code: `import assert from 'node:assert/strict';
import { test } from 'node:test';

test('a', () => {
  process.env.REPAIR_MODE = 'on';
  // a port nobody has
  process.env.REPAIR_PORT = 1;
  delete process.env.REPAIR_HOST;
  process.env['REPAIR_TRACE'] = \`\${process.pid}\`;
  assert.equal(process.env.REPAIR_MODE + process.env.REPAIR_PORT, 'on1');
});

test('b', () => {
  Object.assign(process.env, { REPAIR_A: 'a', REPAIR_B: 'b' });
  assert.equal(process.env.REPAIR_B, 'b');
});
`,
  },
  {
    name: 'variables that the last lines put back',
    file: 'put-back.test.cjs',
    offers: ['savepoint/process', 'finally'],
    code: `const assert = require('node:assert/strict');
const { test } = require('node:test');

test('a', () => {
  const mode = process.env.REPAIR_MODE;
  process.env.REPAIR_MODE = 'on';
  process.env.REPAIR_PORT = '1';
  assert.equal(process.env.REPAIR_MODE + process.env.REPAIR_PORT, 'on1');

  if (mode === undefined) {
    delete process.env.REPAIR_MODE;
  } else {
    process.env.REPAIR_MODE = mode;
  }
  delete process.env.REPAIR_PORT;
});
`,
  },
  {
    name: 'the environment and the directory of the tests of a suite',
    file: 'each.test.ts',
    offers: ['hook'],
    code: `import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { beforeEach, describe, it } from 'node:test';

describe('a mode', () => {
  beforeEach(() => {
    process.env.REPAIR_MODE = 'on';
    process.chdir(tmpdir());
  });

  it('is on', () => {
    assert.equal(process.env.REPAIR_MODE, 'on');
  });
});
`,
  },
  {
    name: 'a directory that the last line puts back',
    file: 'directory.test.mjs',
    offers: ['savepoint/process', 'finally'],
    code: `import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';

test('a', () => {
  const before = process.cwd();
  process.chdir(tmpdir());
  assert.equal(process.cwd(), realpathSync(tmpdir()));
  process.chdir(before);
});
`,
  },
  {
    name: 'values that were saved and may be undefined',
    file: 'undefined.test.mjs',
    offers: ['Delete'],
    code: `import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

const mode = process.env.REPAIR_MODE;
afterEach(() => (process.env.REPAIR_MODE = mode));

test('a', (t) => {
  process.env.REPAIR_MODE = 'on';
  assert.equal(process.env.REPAIR_MODE, 'on');
});
`,
  },
  {
    name: 'a dispatcher that beforeEach replaces, in CommonJS',
    file: 'dispatcher.test.cjs',
    offers: ['hook'],
    code: `const assert = require('node:assert/strict');
const { afterEach, beforeEach, test } = require('node:test');
const { MockAgent, request, setGlobalDispatcher } = require('undici');

let agent;
beforeEach(() => {
  agent = new MockAgent();
  agent.disableNetConnect();
  agent.get('http://a.test').intercept({ path: '/' }).reply(200, 'ok');
  setGlobalDispatcher(agent);
});
afterEach(() => agent.close());

test('a', async () => {
  const { body } = await request('http://a.test/');
  assert.equal(await body.text(), 'ok');
});
`,
  },
  {
    name: 'a dispatcher that the last line puts back',
    file: 'dispatcher-inline.test.mjs',
    offers: ['finally'],
    code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as undici from 'undici';

test('a', async (t) => {
  const agent = new undici.MockAgent();
  t.after(() => agent.close());
  agent.get('http://a.test').intercept({ path: '/' }).reply(200, 'ok');
  const previous = undici.getGlobalDispatcher();
  undici.setGlobalDispatcher(agent);
  const { statusCode } = await undici.request('http://a.test/');
  assert.equal(statusCode, 200);
  undici.setGlobalDispatcher(previous);
});
`,
  },
  {
    name: 'hooks that do not wait: a block, a chain, void, a function by name',
    file: 'hooks.test.mjs',
    offers: ['Await'],
    code: `import { after, test } from 'node:test';
import pg from 'pg';

const connectionString = process.env.TEST_DATABASE_URL;
const [one, two, three] = [1, 2, 3];

const first = new pg.Pool({ connectionString, max: one });
after(() => {
  first.end();
});

const second = new pg.Pool({ connectionString, max: two });
after(async () => {
  second.end().catch(console.error);
});

const third = new pg.Pool({ connectionString, max: three });
after(() => {
  void third.end();
});

const fourth = new pg.Pool({ connectionString });
after(close);
function close() {
  fourth.end();
}

test('a', async () => {
  await Promise.all([first, second, third, fourth].map((pool) => pool.query('select 1')));
});
`,
  },
  {
    name: 'a pool made and ended for each test, under a namespace in CommonJS',
    file: 'each-pool.test.cjs',
    offers: ['once, in `before`'],
    code: `const assert = require('node:assert/strict');
const nodeTest = require('node:test');
const { Pool } = require('pg');

let pool;
nodeTest.beforeEach(() => {
  pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });
});
nodeTest.afterEach(() => pool.end());

nodeTest.test('a', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

nodeTest.test('b', () => pool.query('select 1'));
`,
  },
  {
    name: 'a pool of a suite that ends with each test',
    file: 'ended.test.mjs',
    offers: ['once, in `after`'],
    code: `import { afterEach, describe, it } from 'node:test';
import pg from 'pg';

describe('numbers', () => {
  const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
  afterEach(() => pool.end());

  it('counts one', () => pool.query('select 1'));
  it('counts two', () => pool.query('select 2'));
});
`,
  },
  {
    name: 'a global and a method of it, replaced',
    file: 'globals.test.mjs',
    offers: ['hook', 'finally'],
    code: `import assert from 'node:assert/strict';
import { test } from 'node:test';

test('a', () => {
  Date.now = () => 0;
  assert.equal(Date.now(), 0);
});

test('b', async () => {
  const original = globalThis.fetch;
  globalThis.fetch = async () => new Response('ok');
  assert.equal((await fetch('http://a.test')).status, 200);
  globalThis.fetch = original;
});
`,
  },
  {
    name: 'queries that nobody waits for',
    file: 'floating.test.ts',
    offers: ['Await'],
    code: `import { after, test } from 'node:test';
import { Pool } from 'pg';

const pool: Pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('a', () => {
  pool.query('select 1');
});
`,
  },
  {
    name: 'transactions: begun through the pool, never rolled back, used after a failure',
    file: 'transactions.test.mjs',
    offers: ['one client', 'Roll back', 'SAVEPOINT'],
    code: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('through the pool', async () => {
  try {
    await pool.query('BEGIN');
    const { rows } = await pool.query('select 1 as n');
    assert.equal(rows[0].n, 1);
    await pool.query('COMMIT');
  } catch (error) {
    await pool.query('ROLLBACK');
    throw error;
  }
});

test('without a way back', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('select 1');
    await client.query('COMMIT');
  } finally {
    client.release();
  }
});

test('after a failure', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
    const { rows } = await client.query('select 2 as n');
    assert.equal(rows[0].n, 2);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});
`,
  },
  {
    name: 'a client that is given back twice, and one that is ended',
    file: 'clients.test.cjs',
    offers: ['one too many', 'connection closed'],
    code: `const { after, test } = require('node:test');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('given back twice', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
  } catch (error) {
    client.release();
    throw error;
  } finally {
    client.release();
  }
});

test('ended', async (t) => {
  const client = await pool.connect();
  t.after(() => client.end());
  await client.query('select 1');
});
`,
  },
  {
    name: 'releases that are registered late, and a loop that outlives its test',
    file: 'late.test.mjs',
    offers: ['where it is made', 'End the loop'],
    code: `import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

test('registered late', async (t) => {
  const server = createServer((request, response) => response.end());
  server.listen(0);
  await once(server, 'listening');
  await fetch(\`http://localhost:\${server.address().port}\`);

  // Nobody comes here when the request fails.
  t.after(() => server.close());
});

test('a loop', { timeout: 10_000 }, async () => {
  let seen = 0;
  setTimeout(20).then(() => (seen = 1));
  while (seen < 1) await setTimeout(5);
});
`,
  },
  {
    name: 'hooks in the wrong order, with what is said of them',
    file: 'order.test.mjs',
    offers: ['after'],
    code: `import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
let client;
before(async () => {
  client = await pool.connect();
});

// The pool goes,
// and with it its connections.
after(() => pool.end()); // at last
after(() => {
  client?.release();
}); // back it goes

test('a', () => client.query('select 1'));
`,
  },
  {
    name: 'a port as a constant, asked for in other tests',
    file: 'constant.test.ts',
    offers: ['port 0'],
    code: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';

const PORT = 45961;
let server: Server;

before(async () => {
  server = createServer((_request, response) => response.end('ok'));
  server.listen(PORT);
  await once(server, 'listening');
});
after(() => new Promise((resolve) => server.close(resolve)));

test('a', async () => {
  const response = await fetch(\`http://localhost:\${PORT}/a\`);
  assert.equal(await response.text(), 'ok');
});

test('b', async () => {
  const response = await fetch('http://localhost:45961/b');
  assert.equal(await response.text(), 'ok');
});
`,
  },
  {
    name: 'a port of each test, the same in both',
    file: 'same.test.cjs',
    offers: ['port 0'],
    code: `const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');

test('a', async (t) => {
  const server = http.createServer((_request, response) => response.end('a'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await new Promise((resolve) => server.listen(45962, resolve));
  const response = await fetch('http://localhost:45962');
  assert.equal(await response.text(), 'a');
});

test('b', async (t) => {
  const server = http.createServer((_request, response) => response.end('b'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await new Promise((resolve) => server.listen({ port: 45962 }, resolve));
  const answer = await new Promise((resolve, reject) => {
    http.get({ port: 45962, path: '/' }, resolve).on('error', reject);
  });
  assert.equal(answer.statusCode, 200);
  answer.resume();
});
`,
  },
];

/** Files that are reported, and that no small edit would mend. */
export const UNREPAIRED: readonly RiskyFile[] = [
  {
    name: 'a connection that nobody keeps',
    file: 'nobody.test.mjs',
    code: `import Redis from 'ioredis';
import { before, test } from 'node:test';
before(() => {
  new Redis();
});
test('a', () => {});
`,
  },
  {
    name: 'a connection whose end is waited for by an event',
    file: 'event.test.mjs',
    code: `import { once } from 'node:events';
import { test } from 'node:test';
import pg from 'pg';

test('a', async () => {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await client.connect();
  await client.query('select 1');
  client.end();
  await once(client, 'end');
});
`,
  },
  {
    name: 'a client that is released in two places',
    file: 'places.test.mjs',
    code: `import { after, test } from 'node:test';
import pg from 'pg';
const pool = new pg.Pool();
after(() => pool.end());
test('a', async (t) => {
  const client = await pool.connect();
  const { rows } = await client.query('select 1');
  if (rows.length > 1) {
    client.release();
    return;
  }
  await client.query('select 2');
  client.release();
});
`,
  },
  {
    name: 'a port that an address says before anybody listens',
    file: 'address.test.mjs',
    code: `import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
const address = 'http://localhost:3000';
const server = createServer();
before(() => server.listen(3000));
after(() => new Promise((resolve) => server.close(resolve)));
test('a', () => fetch(address));
`,
  },
  {
    name: 'a promise in a generator',
    file: 'generator.test.mjs',
    code: `import { after, test } from 'node:test';
import pg from 'pg';
const pool = new pg.Pool();
after(() => pool.end());
test('a', function* () {
  pool.query('select 1');
});
`,
  },
];
