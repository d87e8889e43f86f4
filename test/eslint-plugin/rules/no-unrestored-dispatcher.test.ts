import { testRule } from '../support/rule-table.ts';

testRule('no-unrestored-dispatcher', {
  valid: [
    {
      name: 'restored in a hook, or replaced there by a fresh agent',
      code: `import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { Agent, MockAgent, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
test('a', (t) => {
  const saved = getGlobalDispatcher();
  setGlobalDispatcher(new MockAgent());
  t.after(() => setGlobalDispatcher(saved));
});
describe('b', () => {
  beforeEach(() => setGlobalDispatcher(new MockAgent()));
  afterEach(() => { setGlobalDispatcher(new Agent()); });
});
after(() => {});`,
    },
    {
      name: 'a helper of the file restores it',
      language: 'cjs',
      code: `const { test } = require('node:test');
const undici = require('undici');
function restoreLater (t) {
  const saved = undici.getGlobalDispatcher();
  t.after(() => undici.setGlobalDispatcher(saved));
}
test('a', (t) => { restoreLater(t); undici.setGlobalDispatcher(new undici.MockAgent()); });`,
    },
    {
      name: 'an agent at the top of the file is configuration',
      code: `import { test } from 'node:test';
import { Agent, setGlobalDispatcher } from 'undici';
setGlobalDispatcher(new Agent({ keepAliveTimeout: 10 }));
test('a', () => {});`,
    },
    {
      name: 'in a function that others call: they decide',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { MockAgent, setGlobalDispatcher } = require('undici');
module.exports.mockAll = function () { setGlobalDispatcher(new MockAgent()); };
exports.helpers = { mock() { setGlobalDispatcher(new MockAgent()); } };
test('a', () => {});`,
    },
    {
      name: 'the restore of a suite of tests in order',
      code: `import { test } from 'node:test';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
const original = getGlobalDispatcher();
test('stop', () => { setGlobalDispatcher(original); });`,
    },
  ],
  invalid: [
    {
      name: 'never restored: the import is completed',
      code: `import { test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
test('a', async () => {
  const agent = new MockAgent();
  «setGlobalDispatcher(agent)»;
});`,
      reports: [
        {
          messageId: 'absent',
          data: { scope: 'test', line: '' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';
test('a', async (t) => {
  const agent = new MockAgent();
  const previousDispatcher = getGlobalDispatcher();
  t.after(() => setGlobalDispatcher(previousDispatcher));
  setGlobalDispatcher(agent);
});`,
          },
        },
      ],
    },
    {
      name: 'a mock at the top of the file',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
const agent = new MockAgent();
«setGlobalDispatcher(agent)»;
test('a', () => work());`,
      reports: [
        {
          messageId: 'absent',
          data: { scope: 'file', line: '' },
          suggestion: {
            messageId: 'registerRestore',
            output: `const { after, test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
const agent = new MockAgent();
const previousDispatcher = getGlobalDispatcher();
after(() => setGlobalDispatcher(previousDispatcher));
setGlobalDispatcher(agent);
test('a', () => work());`,
          },
        },
      ],
    },
    {
      name: 'closed, but not put back',
      language: 'cjs',
      code: `const { afterEach, beforeEach, test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
let agent;
beforeEach(() => {
  agent = new MockAgent();
  «setGlobalDispatcher(agent)»;
});
afterEach(() => agent.close());
test('a', () => work());`,
      reports: [
        {
          messageId: 'absent',
          suggestion: {
            messageId: 'registerRestore',
            output: `const { afterEach, beforeEach, test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
let agent;
const previousDispatcher = getGlobalDispatcher();
beforeEach(() => {
  agent = new MockAgent();
  setGlobalDispatcher(agent);
});
afterEach(() => setGlobalDispatcher(previousDispatcher));
afterEach(() => agent.close());
test('a', () => work());`,
          },
        },
      ],
    },
    {
      name: 'the last line restores',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
test('a', async () => {
  const saved = getGlobalDispatcher();
  «setGlobalDispatcher(new MockAgent())»;
  await work();
  setGlobalDispatcher(saved);
});`,
      reports: [
        {
          messageId: 'inline',
          data: { scope: 'test', line: '7' },
          suggestion: {
            messageId: 'restoreInFinally',
            output: `const { test } = require('node:test');
const { MockAgent, getGlobalDispatcher, setGlobalDispatcher } = require('undici');
test('a', async () => {
  const saved = getGlobalDispatcher();
  setGlobalDispatcher(new MockAgent());
  try {
    await work();
  } finally {
    setGlobalDispatcher(saved);
  }
});`,
          },
        },
      ],
    },
    {
      name: 'saved too late: the mock is put back',
      code: `import { test } from 'node:test';
import * as undici from 'undici';
test('a', (t) => {
  «undici.setGlobalDispatcher(new undici.MockAgent())»;
  const saved = undici.getGlobalDispatcher();
  t.after(() => undici.setGlobalDispatcher(saved));
});`,
      reports: [
        {
          messageId: 'absent',
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
import * as undici from 'undici';
test('a', (t) => {
  const saved = undici.getGlobalDispatcher();
  t.after(() => undici.setGlobalDispatcher(saved));
  undici.setGlobalDispatcher(new undici.MockAgent());
});`,
          },
        },
      ],
    },
  ],
});
