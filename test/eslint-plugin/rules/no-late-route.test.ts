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
      name: 'asked, not registered',
      code: `import { test } from 'node:test';
import app from '../src/app.js';
test('a', async () => { await app.request('/'); app.get('key'); });`,
    },
  ],
  invalid: [
    {
      name: 'on an imported app that is asked in process',
      code: `import { before, test } from 'node:test';
import app from '../src/app.js';
before(() => { «app.use('*', auth)»; });
test('a', async () => { «app.get('/a', (c) => c.text('a'))»; await app.request('/a'); });`,
      reports: [
        { messageId: 'late', data: { call: 'app.use()' } },
        { messageId: 'late', data: { call: 'app.get()' } },
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
test('b', async () => { «api.post('/a', (c) => c.text('a'))»; await testClient(api).a.$post(); });`,
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
