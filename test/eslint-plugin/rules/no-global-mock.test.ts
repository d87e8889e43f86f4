/** Mocks of the imported `mock` that nobody puts back: what stays replaced, what is harmless. */
import { testRule } from '../support/rule-table.ts';

testRule('no-global-mock', {
  valid: [
    {
      name: 'a beforeEach that begins by putting back what the test before left',
      code: `import { beforeEach, describe, it, mock } from 'node:test';
import { Client } from 'ldapts';
describe('a', () => {
  beforeEach(() => {
    mock.restoreAll();
    mock.method(Client.prototype, 'bind', async () => {});
  });
  it('b', () => ask());
  it('c', () => ask());
});`,
    },
    {
      name: 'the mock of the context',
      code: `import { test } from 'node:test';
test('a', (t) => { t.mock.method(console, 'log', () => {}); t.mock.timers.enable({ apis: ['Date'] }); });`,
    },
    {
      name: 'restored after every test',
      code: `import { afterEach, mock, test } from 'node:test';
afterEach(() => mock.restoreAll());
test('a', () => { mock.method(console, 'log', () => {}); });`,
    },
    {
      name: 'reset in a hook of the suite, by name',
      code: `import { after, describe, it, mock } from 'node:test';
describe('a', () => {
  after(mock.reset.bind(mock));
  afterEachTest();
  function afterEachTest() { after(() => { mock.reset(); }); }
  it('b', () => { mock.timers.enable(); mock.method(Math, 'random', () => 1); });
});`,
    },
    {
      name: 'timers reset in t.after',
      code: `import { mock, test } from 'node:test';
test('a', (t) => { mock.timers.enable({ apis: ['Date'] }); t.after(() => mock.timers.reset()); });`,
    },
    {
      name: 'restored by its handle in finally',
      code: `import fs from 'node:fs/promises';
import { mock, test } from 'node:test';
test('a', async () => {
  const readdir = mock.method(fs, 'readdir', async () => []);
  try { await list(); } finally { readdir.mock.restore(); }
});`,
    },
    {
      name: 'restored by handles of a suite',
      code: `import { after, before, beforeEach, describe, it, mock } from 'node:test';
describe('a', () => {
  let log: ReturnType<typeof mock.method>;
  let warn: ReturnType<typeof mock.method>;
  before(() => {
    log = mock.method(console, 'log', () => {});
    warn = mock.method(console, 'warn', () => {});
  });
  beforeEach(() => { log.mock.resetCalls(); });
  after(() => { log.mock.restore(); warn.mock.restore(); });
  it('b', () => {});
});`,
      language: 'ts',
    },
    {
      name: 'restored through the mocked method itself',
      code: `const { test, mock } = require('node:test');
test('a', (t) => {
  mock.method(console, 'log', () => {});
  t.after(() => console.log.mock.restore());
});`,
      language: 'cjs',
    },
    {
      name: 'an object of the test',
      code: `import { mock, test } from 'node:test';
import { Service } from './service.js';
test('a', () => {
  const service = new Service();
  mock.method(service, 'send', () => true);
  mock.method({ get() {} }, 'get', () => 1);
});`,
    },
    {
      name: 'an object that is made anew for each test',
      code: `import { beforeEach, describe, it, mock } from 'node:test';
describe('a', () => {
  let service;
  beforeEach(() => { service = new Service(); });
  it('b', () => { mock.method(service, 'send', () => true); });
});`,
    },
    {
      name: 'spies, functions of its own, and mocks for one call',
      code: `import tls from 'node:tls';
import { mock, test } from 'node:test';
test('a', () => {
  const connect = mock.method(tls, 'connect');
  const listener = mock.fn(() => 1);
  mock.method(tls, 'createServer', { times: 1 });
  mock.method(tls, 'createSecureContext', () => 1, { times: 1 });
  use(connect, listener);
});`,
    },
    {
      name: 'handles that go into a list or to a helper',
      code: `import { mock, test } from 'node:test';
const mocks = [];
test('a', () => {
  mocks.push(mock.method(console, 'log', () => {}));
  const warn = mock.method(console, 'warn', () => {});
  restoreLater(warn);
});
function silence() { return mock.method(console, 'error', () => {}); }
test('b', () => { const error = silence(); error.mock.restore(); });`,
    },
    {
      name: 'set-up of the file',
      code: `import { before, mock, test } from 'node:test';
mock.timers.enable({ apis: ['Date'], now: 0 });
before(() => { mock.method(console, 'log', () => {}); });
test('a', () => {});`,
    },
    {
      name: 'a helper of another file that promises to restore',
      code: `import { afterEach, mock, test } from 'node:test';
import { restoreMocks } from './helper.js';
afterEach(() => restoreMocks());
test('a', () => { mock.method(console, 'log', () => {}); });`,
    },
    {
      name: 'the mock of another library',
      code: `import { mock } from 'bun:test';
import { test } from 'node:test';
test('a', () => { mock.method(console, 'log', () => {}); });`,
    },
  ],
  invalid: [
    {
      name: 'a method in a test, CommonJS',
      code: `const { test, mock } = require('node:test');
test('a', () => {
  «mock.method(Math, 'random', () => 42)»;
});`,
      language: 'cjs',
      reports: [
        {
          messageId: 'mock',
          data: { name: 'Math.random', scope: 'test', line: '' },
          suggestion: {
            messageId: 'useContext',
            output: `const { test, mock } = require('node:test');
test('a', (t) => {
  t.mock.method(Math, 'random', () => 42);
});`,
          },
        },
      ],
    },
    {
      name: 'the timers in a test, with what ticks them',
      code: `import { mock, test } from 'node:test';
test('a', async (t) => {
  «mock.timers.enable({ apis: ['setTimeout'] })»;
  mock.timers.tick(10);
});`,
      reports: [
        {
          messageId: 'timers',
          suggestion: {
            messageId: 'useContext',
            output: `import { mock, test } from 'node:test';
test('a', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.timers.tick(10);
});`,
          },
        },
      ],
    },
    {
      name: 'timers that restoreAll leaves mocked',
      code: `import { afterEach, describe, before, it, mock } from 'node:test';
describe('a', () => {
  before(() => { «mock.timers.enable({ apis: ['Date'] })»; });
  afterEach(() => mock.restoreAll());
  it('b', () => {});
});`,
      reports: [{ messageId: 'timers', data: { name: 'mock.timers', scope: 'suite', line: '' } }],
    },
    {
      name: 'restored in line',
      code: `import test from 'node:test';
import api from '../src/api.js';
test('a', async () => {
  «test.mock.method(api, 'fetch', async () => ({}))»;
  await run();
  test.mock.restoreAll();
});`,
      reports: [{ messageId: 'mockInline', data: { name: 'api.fetch', scope: 'test', line: '6' } }],
    },
    {
      name: 'a prototype and an object of the file',
      code: `import { beforeEach, describe, it, mock } from 'node:test';
import { Client } from '../src/client.js';
const settings = { load() {} };
describe('a', () => {
  beforeEach(() => {
    «mock.method(Client.prototype, 'send', () => true)»;
    «mock.getter(settings, 'mode', () => 'dark')»;
  });
  it('b', () => {});
});`,
      reports: [
        { messageId: 'mock', data: { name: 'Client.prototype.send', scope: 'test', line: '' } },
        { messageId: 'mock', data: { name: 'settings.mode', scope: 'test', line: '' } },
      ],
    },
    {
      name: 'another method is restored',
      code: `import { mock, test } from 'node:test';
test('a', (t) => {
  «mock.method(console, 'log', () => {})»;
  const warn = mock.method(console, 'warn', () => {});
  t.after(() => warn.mock.restore());
});`,
      reports: [
        {
          messageId: 'mock',
          data: { name: 'console.log', scope: 'test', line: '' },
          suggestion: {
            messageId: 'useContext',
            output: `import { mock, test } from 'node:test';
test('a', (t) => {
  t.mock.method(console, 'log', () => {});
  const warn = t.mock.method(console, 'warn', () => {});
  t.after(() => warn.mock.restore());
});`,
          },
        },
      ],
    },
  ],
});
