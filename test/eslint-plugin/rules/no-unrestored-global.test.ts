import { testRule } from '../support/rule-table.ts';

testRule('no-unrestored-global', {
  valid: [
    {
      name: 'in the page of a browser',
      code: `import { test } from 'node:test';
import { chromium } from 'playwright';
test('copies', async (t) => {
  const browser = await chromium.launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.evaluate(() => { globalThis.copied = ''; console.log = () => {}; });
  await page.addInitScript(() => { Object.defineProperty(globalThis.navigator, 'clipboard', { value: {} }); });
});`,
    },
    {
      name: 'of the clock that sinon has put in the place of the real one',
      code: `import { test } from 'node:test';
import sinon from 'sinon';
const clock = sinon.useFakeTimers();
test('a', () => { Date.now = () => 42; clock.runAll(); });`,
    },
    {
      name: 'restored by what the hook before kept on the context',
      language: 'cjs',
      code: `const { test } = require('node:test');
test('a', async (t) => {
  t.beforeEach((ctx) => {
    const Client = require('memcached');
    const connect = Client.prototype.connect;
    Client.prototype.connect = function stub(server, callback) { connect.call(this, real, callback); };
    ctx.kept = { Client, connect };
  });
  t.afterEach((ctx) => {
    const { Client, connect } = ctx.kept;
    Client.prototype.connect = connect;
  });
  await t.test('b', () => {});
});`,
    },
    {
      name: 'set anew by a helper that every test calls first',
      code: `import { test } from 'node:test';
function resetState(overrides = {}) { globalThis.appState = { ready: true, ...overrides }; globalThis.appEvents = []; }
test('a', () => { resetState(); globalThis.appState = { ready: false }; run(); });
test('b', () => { resetState(); globalThis.appState.ready = false; globalThis.appEvents = undefined; run(); });
test('c', () => { resetState({ ready: false }); run(); });`,
    },
    {
      name: 'restored in t.after',
      code: `import { test } from 'node:test';
test('a', (t) => {
  const original = globalThis.fetch;
  t.after(() => { globalThis.fetch = original; });
  globalThis.fetch = async () => new Response();
});`,
    },
    {
      name: 'restored in finally, under another spelling',
      language: 'cjs',
      code: `const { test } = require('node:test');
test('a', () => {
  const { log } = console;
  global.console.log = () => {};
  try { run(); } finally { console.log = log; }
});`,
    },
    {
      name: 'set in beforeEach, restored in afterEach from what the file saved',
      code: `import { afterEach, beforeEach, describe, it } from 'node:test';
const original = Date.now;
describe('a', () => {
  beforeEach(() => { Date.now = () => 0; });
  afterEach(() => { Date.now = original; });
  it('b', () => { Date.now = () => 1; });
});`,
    },
    {
      name: 'the whole object is put back',
      code: `import { afterEach, beforeEach, test } from 'node:test';
let original;
beforeEach(() => { original = globalThis.console; globalThis.console = { log() {} }; });
afterEach(() => { globalThis.console = original; });
test('a', () => { console.warn = () => {}; });`,
    },
    {
      name: 'deleted in the hook',
      code: `import { test } from 'node:test';
test('a', (t) => {
  globalThis.window = {};
  t.after(() => { delete globalThis.window; });
});`,
    },
    {
      name: 'a property put back by its descriptor',
      code: `import { after, before, describe, it } from 'node:test';
describe('a', () => {
  let saved;
  before(() => {
    saved = Object.getOwnPropertyDescriptor(process, 'platform');
    Object.defineProperty(process, 'platform', { value: 'win32' });
  });
  after(() => Object.defineProperty(process, 'platform', saved));
  it('b', () => {});
});`,
    },
    {
      name: 'set-up of the file: its process ends with it',
      code: `import { before, describe, test } from 'node:test';
globalThis.fetch = stub;
before(() => { globalThis.window = {}; });
describe('a', () => { globalThis.document = {}; test('b', () => {}); });`,
    },
    {
      name: 'mocked by the context',
      code: `import { test } from 'node:test';
test('a', (t) => { t.mock.method(console, 'log', () => {}); });`,
    },
    {
      name: 'an object of the file, a constructor of the file',
      language: 'cjs',
      code: `const { test } = require('node:test');
function Request() {}
test('a', () => {
  const console = { log() {} };
  console.log = () => {};
  Request.prototype.url = '/';
  module.exports.x = 1;
});`,
    },
    {
      name: 'members of an app, a context, a project’s module',
      code: `import { test } from 'node:test';
import config from '../config.js';
test('a', (t) => { config.port = 0; t.server = {}; window.x = 1; });`,
    },
    {
      name: 'what has a rule of its own, or is no state',
      code: `import { test } from 'node:test';
import { EventEmitter } from 'node:events';
test('a', () => {
  process.env.A = '1';
  process.exitCode = 0;
  Error.stackTraceLimit = 50;
  EventEmitter.defaultMaxListeners = 20;
});`,
    },
    {
      name: 'a helper without a test, whose callers see to it',
      code: `import { afterEach, test } from 'node:test';
const original = globalThis.fetch;
function answer(body) { globalThis.fetch = async () => Response.json(body); }
afterEach(() => { globalThis.fetch = original; });
test('a', () => { answer({}); });`,
    },
    {
      name: 'a helper for suites of other files that sets and restores in its hooks',
      code: `import { afterEach, beforeEach } from 'node:test';
export function captureConsole() {
  const original = console.log;
  beforeEach(() => { console.log = () => {}; });
  afterEach(() => { console.log = original; });
}`,
    },
    {
      name: 'a helper that calls itself',
      code: `import { afterEach, test } from 'node:test';
const original = Date.now;
afterEach(() => { Date.now = original; });
function travel(t, steps) { Date.now = () => steps; if (steps > 0) travel(t, steps - 1); t.after(() => {}); }
test('a', (t) => travel(t, 3));`,
    },
    {
      name: 'a restorer of another file',
      code: `import { afterEach, test } from 'node:test';
import { restoreGlobals } from './support.js';
afterEach(() => restoreGlobals());
test('a', () => { globalThis.fetch = stub; });`,
    },
  ],
  invalid: [
    {
      name: 'never put back',
      code: `import { test } from 'node:test';
test('a', () => {
  «Date.now = () => 0»;
});`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'Date.now', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
test('a', (t) => {
  const previousNow = Date.now;
  t.after(() => (Date.now = previousNow));
  Date.now = () => 0;
});`,
          },
        },
      ],
    },
    {
      name: 'put back by a line that a throw skips',
      language: 'cjs',
      code: `const { test } = require('node:test');
const assert = require('node:assert');
test('a', () => {
  const original = console.error;
  «console.error = () => {}»;
  assert.ok(run());
  console.error = original;
});`,
      reports: [
        {
          messageId: 'inline',
          data: { name: 'console.error', line: '7', scope: 'test' },
          suggestion: {
            messageId: 'restoreInFinally',
            output: `const { test } = require('node:test');
const assert = require('node:assert');
test('a', () => {
  const original = console.error;
  console.error = () => {};
  try {
    assert.ok(run());
  } finally {
    console.error = original;
  }
});`,
          },
        },
      ],
    },
    {
      name: 'what was not there, taken away by a line that a throw skips',
      code: `import { test } from 'node:test';
import assert from 'node:assert';
test('a', async () => {
  «globalThis.onRun = async () => []»;
  assert.ok(await run());
  delete globalThis.onRun;
});`,
      reports: [
        {
          messageId: 'inlineDelete',
          data: { name: 'globalThis.onRun', line: '6', scope: 'test' },
          suggestion: {
            messageId: 'restoreInFinally',
            output: `import { test } from 'node:test';
import assert from 'node:assert';
test('a', async () => {
  globalThis.onRun = async () => [];
  try {
    assert.ok(await run());
  } finally {
    delete globalThis.onRun;
  }
});`,
          },
        },
      ],
    },
    {
      name: 'a module of Node’s',
      language: 'cjs',
      code: `const { test } = require('node:test');
const net = require('net');
test('a', (t) => {
  «net.connect = () => socket»;
});`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'net.connect', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `const { test } = require('node:test');
const net = require('net');
test('a', (t) => {
  const previousConnect = net.connect;
  t.after(() => (net.connect = previousConnect));
  net.connect = () => socket;
});`,
          },
        },
      ],
    },
    {
      name: 'a prototype that other tests share, in TypeScript',
      language: 'ts',
      code: `import { describe, it, before } from 'node:test';
import { Store } from '../src/store.js';
describe('a', () => {
  before(() => { «Store.prototype.load = async () => []»; });
  it('b', () => { «(globalThis as any).fetch = stub»; });
});`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'Store.prototype.load', scope: 'suite' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { describe, it, before, after } from 'node:test';
import { Store } from '../src/store.js';
describe('a', () => {
  const previousLoad = Store.prototype.load;
  before(() => { Store.prototype.load = async () => []; });
  after(() => (Store.prototype.load = previousLoad));
  it('b', () => { (globalThis as any).fetch = stub; });
});`,
          },
        },
        {
          messageId: 'absent',
          data: { name: 'globalThis.fetch', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { describe, it, before } from 'node:test';
import { Store } from '../src/store.js';
describe('a', () => {
  before(() => { Store.prototype.load = async () => []; });
  it('b', (t) => { const previousFetch = (globalThis as any).fetch; t.after(() => ((globalThis as any).fetch = previousFetch)); (globalThis as any).fetch = stub; });
});`,
          },
        },
      ],
    },
    {
      name: 'another member is put back',
      code: `import { afterEach, test } from 'node:test';
const log = console.log;
afterEach(() => { console.log = log; });
test('a', () => { console.log = () => {}; «console.error = () => {}»; });`,
      reports: [
        {
          messageId: 'absent',
          data: { name: 'console.error', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { afterEach, test } from 'node:test';
const log = console.log;
afterEach(() => { console.log = log; });
test('a', (t) => { console.log = () => {}; const previousError = console.error; t.after(() => (console.error = previousError)); console.error = () => {}; });`,
          },
        },
      ],
    },
    {
      name: 'defined anew',
      code: `import { test } from 'node:test';
test('a', () => { «Object.defineProperty(process, 'platform', { value: 'win32' })»; });`,
      reports: [{ messageId: 'absent', data: { name: 'process.platform', scope: 'test' } }],
    },
  ],
});
