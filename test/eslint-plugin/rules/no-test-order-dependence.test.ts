/** Variables by which one test hands on to a later one. */
import { testRule } from '../support/rule-table.ts';

testRule('no-test-order-dependence', {
  valid: [
    {
      name: 'a member that a hook or helper fills, that has a value, that the test fills itself, of an object given away',
      code: `import { before, describe, it } from 'node:test';
describe('a', () => {
  const auth = { headers: {} };
  const limits = { most: 5 };
  const context = {};
  const seen = {};
  const filled = [];
  before(async () => { auth.headers = await signIn(); });
  it('b', () => {
    auth.headers = headersOf('b');
    limits.most = 1;
    context.id = 1;
    seen.once = start(seen);
    filled.length = 0;
  });
  it('c', () => {
    context.id = 2;
    use(auth.headers, limits.most, context.id, seen.once, filled.length);
  });
});`,
    },
    {
      name: 'set up in hooks',
      code: `import { before, beforeEach, describe, it } from 'node:test';
let server;
before(() => { server = start(); });
describe('a', () => {
  let id;
  beforeEach(async () => { id = await create(server); });
  it('b', () => find(server, id));
  it('c', () => remove(server, id));
});`,
    },
    {
      name: 'a hook sets it too, or a helper does',
      code: `import { beforeEach, test } from 'node:test';
let id;
let token;
beforeEach(() => { id = 1; });
function signIn() { token = 'a'; }
test('a', () => { id = 2; token = 'b'; });
test('b', () => { signIn(); find(id, token); });`,
    },
    {
      name: 'each test assigns it first',
      code: `const { test } = require('node:test');
let dir;
test('a', () => { dir = temporary(); use(dir); });
test('b', () => { dir = temporary(); use(dir); });`,
      language: 'cjs',
    },
    {
      name: 'what only clean-up reads',
      code: `import { after, afterEach, test } from 'node:test';
let server;
let dir;
after(() => server?.close());
afterEach(() => remove(dir));
test('a', () => { server = start(); });
test('b', () => { dir = temporary(); });`,
    },
    {
      name: 'a value that is there from the start, and a counter',
      code: `import { test } from 'node:test';
let answer = 42;
let calls = 0;
const seen = [];
test('a', () => { answer = 43; calls += 1; seen.push(answer); });
test('b', () => { use(answer, calls, seen); });`,
    },
    {
      name: 'steps of one test',
      code: `import { test } from 'node:test';
let id;
test('a', async (t) => {
  let token;
  await t.test('b', () => { token = 'c'; id = 1; });
  await t.test('d', () => use(token, id));
});`,
    },
    {
      name: 'an earlier test that sees it unset, and one that resets it',
      code: `import { test } from 'node:test';
let user;
let other;
test('a', () => { isEmpty(user); });
test('b', () => { user = undefined; other = null; });
test('c', () => { isEmpty(user, other); });`,
    },
    {
      name: 'the variable of a test of its own',
      code: `import { describe, it } from 'node:test';
describe('a', () => {
  it('b', () => { let id; id = 1; use(id); });
  it('c', () => { let id; use(id); });
});`,
    },
  ],
  invalid: [
    {
      name: 'variables of one name in two suites',
      code: `import { describe, it } from 'node:test';
describe('a', () => {
  let id;
  it('creates', () => { «id = create()»; });
  it('finds', () => find(id));
});
describe('b', () => {
  let id;
  it('creates', () => { «id = create()»; });
  it('finds', () => find(id));
});`,
      reports: [{ messageId: 'chain' }, { messageId: 'chain' }],
    },
    {
      name: 'a member of an object that the tests share',
      code: `import { describe, it } from 'node:test';
describe('a', () => {
  let auth = { headers: {} };
  const made = {};
  it('signs in', async () => { «auth.headers = await signIn()»; });
  it('creates', async () => { «made.id = await create(auth.headers)»; });
  it('finds', () => find(made.id, auth.headers));
});`,
      reports: [
        { messageId: 'chain', data: { name: 'auth.headers', line: '6' } },
        { messageId: 'chain', data: { name: 'made.id', line: '7' } },
      ],
    },
    {
      name: 'a server that one test starts',
      code: `import http from 'node:http';
import test from 'node:test';
let server: http.Server;
test('Setup', async () => {
  «server = http.createServer(app)»;
  await listen(server);
});
test('answers', async () => { await get(server); });
test('Teardown', () => { server.close(); });`,
      language: 'ts',
      reports: [{ messageId: 'chain', data: { name: 'server', line: '8' } }],
    },
    {
      name: 'ids of rows in a suite, one variable each, CommonJS',
      code: `const { describe, it } = require('node:test');
describe('users', () => {
  let id = null;
  let token = '';
  it('creates', async () => {
    const user = await create();
    «id = user.id»;
    «token = user.token»;
  });
  it('finds', () => find(id));
  it('signs out', () => signOut(token));
  it('removes', async () => { await remove(id); });
});`,
      language: 'cjs',
      reports: [
        { messageId: 'chain', data: { name: 'id', line: '10' } },
        { messageId: 'chain', data: { name: 'token', line: '11' } },
      ],
    },
    {
      name: 'assigned in a callback of the test',
      code: `import { test } from 'node:test';
let port;
test('a', (t, done) => { server.listen(0, () => { «port = server.address().port»; done(); }); });
test('b', () => get(port));`,
      reports: [{ messageId: 'chain', data: { name: 'port', line: '4' } }],
    },
  ],
});
