/** Mocks of npm's undici beside requests of Node's own fetch. */
import { testRule } from '../support/rule-table.ts';

testRule('no-split-undici', {
  valid: [
    {
      name: 'mock and request of one package',
      code: `import { test } from 'node:test';
import { fetch, MockAgent, request, setGlobalDispatcher } from 'undici';
const agent = new MockAgent();
setGlobalDispatcher(agent);
test('a', async () => { await fetch('http://a.test'); await request('http://a.test'); });`,
    },
    {
      name: 'a namespace, CommonJS',
      code: `const { test } = require('node:test');
const undici = require('undici');
undici.setGlobalDispatcher(new undici.MockAgent());
test('a', () => undici.fetch('http://a.test'));`,
      language: 'cjs',
    },
    {
      name: 'a dispatcher that mocks nothing',
      code: `import { test } from 'node:test';
import { Agent, setGlobalDispatcher } from 'undici';
setGlobalDispatcher(new Agent({ keepAliveTimeout: 10 }));
test('a', () => fetch('http://localhost'));`,
    },
    {
      name: 'the fetch of the app, of the test, of an object',
      code: `import { test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
setGlobalDispatcher(new MockAgent());
test('a', async ({ fetch }) => { await fetch('http://a.test'); await app.fetch(new Request('http://a.test')); });`,
    },
    {
      name: 'the global replaced by that of the package',
      code: `import { test } from 'node:test';
import { fetch as ours, MockAgent, setGlobalDispatcher } from 'undici';
globalThis.fetch = ours;
setGlobalDispatcher(new MockAgent());
test('a', () => fetch('http://a.test'));`,
    },
    {
      name: 'the package installed as the global',
      code: `import { test } from 'node:test';
import { install, MockAgent, setGlobalDispatcher } from 'undici';
install();
setGlobalDispatcher(new MockAgent());
test('a', () => fetch('http://a.test'));`,
    },
  ],
  invalid: [
    {
      name: 'in a hook, asked in a test',
      code: `import { before, test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
const agent = new MockAgent();
before(() => { «setGlobalDispatcher(agent)»; });
test('a', async () => {
  await fetch('http://a.test');
  await fetch('http://b.test');
});`,
      reports: [{ messageId: 'split', data: { line: '6' } }],
    },
    {
      name: 'CommonJS, by a helper',
      code: `const { test } = require('node:test');
const undici = require('undici');
const load = (id) => globalThis.fetch('http://a.test/' + id);
test('a', async () => {
  «undici.setGlobalDispatcher(new undici.MockAgent())»;
  await load(1);
});`,
      language: 'cjs',
      reports: [{ messageId: 'split', data: { line: '3' } }],
    },
  ],
});
