/** Parts of other modules that a test replaces and nobody puts back. */
import { testRule } from '../support/rule-table.ts';

testRule('no-unreset-override', {
  valid: [
    {
      name: 'put back in t.after, saved before',
      code: `const { test } = require('node:test');
const print = require('../print');
test('a', (t) => {
  const stop = print.stop;
  t.after(() => { print.stop = stop; });
  print.stop = (message) => t.assert.match(message, /a/);
});`,
      language: 'cjs',
    },
    {
      name: 'put back in finally, and in a hook of the suite',
      code: `import amqp from 'amqplib';
import { afterEach, beforeEach, describe, it, test } from 'node:test';
import { config } from '../src/config.js';
test('a', async () => {
  const original = amqp.connect;
  amqp.connect = async () => ({});
  try { await poll(); } finally { amqp.connect = original; }
});
describe('b', () => {
  const { mode } = config;
  beforeEach(() => { config.mode = 'dark'; });
  afterEach(() => { config.mode = mode; });
  it('c', () => {});
});`,
    },
    {
      name: 'undone by node:test',
      code: `import { test } from 'node:test';
import { auth } from '../app.js';
test('a', (t) => { t.mock.method(auth, 'userOf', () => 'ada'); });`,
    },
    {
      name: 'an app, an object, an instance of its own',
      code: `import { test } from 'node:test';
import { Client, createApp, defaults } from '../app.js';
const shared = { mode: 'light' };
test('a', () => {
  const app = createApp();
  app.locals = { user: 'ada' };
  const client = new Client();
  client.fetch = async () => {};
  const options = { ...defaults };
  options.mode = 'dark';
  shared.mode = 'dark';
});`,
    },
    {
      name: 'set-up of the file',
      code: `import { before, test } from 'node:test';
import sinon from 'sinon';
import { config } from '../config.js';
config.url = 'http://localhost';
before(() => { sinon.defaultConfig.useFakeTimers = false; });
test('a', () => {});`,
    },
    {
      name: 'reset by a function of another file',
      code: `import { afterEach, test } from 'node:test';
import { config } from '../src/config.js';
import { resetConfig } from './helper.js';
afterEach(resetConfig);
test('a', () => { config.mode = 'dark'; });`,
    },
    {
      name: 'globals and modules of Node, which another rule sees',
      code: `import net from 'node:net';
import { test } from 'node:test';
test('a', () => { net.connect = () => {}; globalThis.fetch = async () => {}; });`,
    },
  ],
  invalid: [
    {
      name: 'never put back',
      code: `import { test } from 'node:test';
import * as services from '../src/services.js';
test('a', async (t) => {
  «services.mail.send = async () => {}»;
});`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'services.mail.send', scope: 'test', line: '' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
import * as services from '../src/services.js';
test('a', async (t) => {
  const previousSend = services.mail.send;
  t.after(() => (services.mail.send = previousSend));
  services.mail.send = async () => {};
});`,
          },
        },
      ],
    },
    {
      name: 'saved, and never put back',
      code: `import { test } from 'node:test';
import Run from '../src/run.js';
const jobs = Run.jobs;
test('a', () => use(() => { «Run.jobs = () => jobs()»; }));`,
      reports: [{ messageId: 'absent', data: { name: 'Run.jobs', scope: 'test', line: '' } }],
    },
    {
      name: 'put back by a line that a throw skips, CommonJS',
      code: `const { test } = require('node:test');
const { auth } = require('../app');
test('a', () => {
  const userOf = auth.userOf;
  «auth.userOf = () => 'ada'»;
  check();
  auth.userOf = userOf;
});`,
      language: 'cjs',
      reports: [{ messageId: 'inline', data: { name: 'auth.userOf', scope: 'test', line: '7' } }],
    },
    {
      name: 'for each test of a suite',
      code: `import { beforeEach, describe, it } from 'node:test';
import { container } from '../src/container.js';
describe('a', () => {
  beforeEach(() => { «container.clock = { now: () => 0 }»; });
  it('b', () => {});
});`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'container.clock', scope: 'test', line: '' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { afterEach, beforeEach, describe, it } from 'node:test';
import { container } from '../src/container.js';
describe('a', () => {
  const previousClock = container.clock;
  beforeEach(() => { container.clock = { now: () => 0 }; });
  afterEach(() => (container.clock = previousClock));
  it('b', () => {});
});`,
          },
        },
      ],
    },
  ],
});
