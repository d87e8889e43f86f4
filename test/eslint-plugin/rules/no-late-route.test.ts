import { testRule } from '../support/rule-table.ts';

testRule('no-late-route', {
  valid: [
    {
      name: 'an app of the test’s own',
      code: `import { test } from 'node:test';
import { Hono } from 'hono';
import { router } from '../src/app.js';
test('a', async () => { const app = new Hono(); app.use(auth); app.route('/', router); await app.request('/'); });`,
    },
    {
      name: 'at the top of the file, before any test',
      code: `import { test } from 'node:test';
import { Hono } from 'hono';
const app = new Hono();
app.get('/', (c) => c.text('a'));
test('a', async () => { await app.request('/'); });`,
    },
    {
      name: 'a map and an Express app',
      code: `import { test } from 'node:test';
import { cache } from './cache.js';
import express from 'express';
import app from '../src/express-app.js';
test('a', async () => { cache.delete('a', 'b'); cache.get('a'); app.use(handler); await request(app).get('/'); });`,
    },
    {
      name: 'before the first request, in the only test or before all of them',
      code: `import { before, test } from 'node:test';
import { Hono } from 'hono';
import app from '../src/app.js';
const own = new Hono();
before(() => { app.use('*', auth); own.get('/b', (c) => c.text('b')); });
test('a', async () => { own.get('/a', (c) => c.text('a')); await own.request('/a'); });
test('b', async () => { await app.request('/a'); });`,
    },
    {
      name: 'asked, not registered',
      code: `import { test } from 'node:test';
import app from '../src/app.js';
test('a', async () => { await app.request('/'); app.get('key'); });`,
    },
  ],
  invalid: [
    {
      name: 'on an imported app that is asked in process',
      code: `import { beforeEach, test } from 'node:test';
import app from '../src/app.js';
beforeEach(() => { «app.use('*', auth)»; });
test('a', async () => { «app.get('/a', (c) => c.text('a'))»; await app.request('/a'); });
test('b', async () => { await app.request('/b'); });`,
      reports: [
        { messageId: 'late', data: { call: 'app.use()' } },
        { messageId: 'late', data: { call: 'app.get()' } },
      ],
    },
    {
      name: 'before all tests of a suite, behind those of another',
      code: `import { before, describe, it } from 'node:test';
import app from '../src/app.js';
describe('a', () => { it('is asked', async () => { await app.request('/a'); }); });
describe('b', () => {
  before(() => { «app.use('*', auth)»; });
  it('is asked', async () => { await app.request('/b'); });
});`,
      reports: [{ messageId: 'late' }],
    },
    {
      name: 'for whoever comes next, when one asks strictly',
      strict: true,
      code: `import { before, test } from 'node:test';
import app from '../src/app.js';
before(() => { «app.use('*', auth)»; });
test('a', async () => { «app.get('/a', (c) => c.text('a'))»; await app.request('/a'); });`,
      reports: [
        { messageId: 'changed', data: { call: 'app.use()' } },
        { messageId: 'changed', data: { call: 'app.get()' } },
      ],
    },
    {
      name: 'on an app of the file, and with a typed client',
      language: 'ts',
      code: `import { test } from 'node:test';
import { Hono } from 'hono';
import { testClient } from 'hono/testing';
import { api } from '#app';
const app = new Hono();
test('a', async () => { «app.route('/', other)»; await app.request('/'); });
test('b', async () => { «api.post('/a', (c) => c.text('a'))»; await testClient(api).a.$post(); });
test('c', async () => { await app.request('/'); await testClient(api).a.$get(); });`,
      reports: [{ messageId: 'late' }, { messageId: 'late' }],
    },
    {
      name: 'CommonJS',
      language: 'cjs',
      code: `const test = require('node:test');
const { app } = require('../src/app.js');
test('a', async () => { await app.request('/'); «app.use(auth)»; });`,
      reports: [{ messageId: 'late' }],
    },
  ],
});
