/** Variables filled for each test of a suite whose tests run at the same time. */
import { testRule } from '../support/rule-table.ts';

testRule('no-shared-let-in-concurrent-suite', {
  valid: [
    {
      name: 'a suite whose tests take turns',
      code: `import { beforeEach, describe, it } from 'node:test';
describe('a', () => {
  let app;
  beforeEach(() => { app = build(); });
  it('b', () => app.get());
  it('c', () => app.get());
});
describe('d', { concurrency: false }, () => {
  let app;
  beforeEach(() => { app = build(); });
  it('e', () => app.get());
  it('f', () => app.get());
});
describe('g', { concurrency: 1 }, () => {
  let app;
  beforeEach(() => { app = build(); });
  it('h', () => app.get());
  it('i', () => app.get());
});`,
    },
    {
      name: 'shared by all on purpose',
      code: `import { before, describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  let app;
  before(async () => { app = await build(); });
  it('b', () => app.get());
  it('c', () => app.get());
});`,
    },
    {
      name: 'one test',
      code: `import { beforeEach, describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  let app;
  beforeEach(() => { app = build(); });
  it('b', () => app.get());
});`,
    },
    {
      name: 'variables of the tests themselves',
      code: `import { describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  it('b', async () => { let app; app = await build(); app.get(); });
  it('c', async () => { let app; app = await build(); app.get(); });
});`,
    },
    {
      name: 'a suite within that takes turns again',
      code: `import { beforeEach, describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  describe('b', { concurrency: false }, () => {
    let app;
    beforeEach(() => { app = build(); });
    it('c', () => app.get());
    it('d', () => app.get());
  });
});`,
    },
    {
      name: 'an option that is not known, and the concurrency of something else',
      code: `import { beforeEach, describe, it } from 'node:test';
import { concurrency, options } from './options.js';
describe('a', { concurrency }, () => {
  let queue;
  beforeEach(() => { queue = new Queue({ concurrency: 4 }); });
  it('b', () => queue.start());
  it('c', () => queue.start());
});
describe('d', options, () => {
  let queue;
  beforeEach(() => { queue = new Queue({ concurrency: 4 }); });
  it('e', () => queue.start());
  it('f', () => queue.start());
});`,
    },
    {
      name: 'what a hook keeps for its own clean-up',
      code: `const { after, beforeEach, describe, it } = require('node:test');
describe('a', { concurrency: true }, () => {
  let last;
  beforeEach(() => { last = start(); });
  after(() => last.stop());
  it('b', () => {});
  it('c', () => {});
});`,
      language: 'cjs',
    },
    {
      name: 'synchronous tests that fill it themselves, and a counter',
      code: `import { describe, it } from 'node:test';
let calls = 0;
let last;
describe('a', { concurrency: true }, () => {
  it('b', () => { last = build(); last.get(); calls += 1; });
  it('c', () => { last = build(); last.get(); calls += 1; });
});`,
    },
  ],
  invalid: [
    {
      name: 'filled by beforeEach',
      code: `import { afterEach, beforeEach, describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  let app: App;
  beforeEach(async () => { «app = await build()»; });
  afterEach(() => app.close());
  it('b', () => app.get());
  it('c', () => app.get());
});`,
      language: 'ts',
      reports: [{ messageId: 'shared', data: { name: 'app', line: '2' } }],
    },
    {
      name: 'filled for subtests, CommonJS',
      code: `const { test } = require('node:test');
test('a', { concurrency: 4 }, async (t) => {
  let app;
  t.beforeEach(() => { «app = build()»; });
  await Promise.all([t.test('b', () => app.get()), t.test('c', () => app.get())]);
});`,
      language: 'cjs',
      reports: [{ messageId: 'shared', data: { name: 'app', line: '2' } }],
    },
    {
      name: 'in a suite within, which inherits, of a variable of the file',
      code: `import { beforeEach, describe, it } from 'node:test';
let db;
describe('a', { concurrency: true }, () => {
  describe('b', () => {
    beforeEach(() => { «db = open()»; });
    it('c', () => db.get());
    it('d', () => db.get());
  });
});`,
      reports: [{ messageId: 'shared', data: { name: 'db', line: '4' } }],
    },
    {
      name: 'filled by two tests that wait',
      code: `import { describe, it } from 'node:test';
describe('a', { concurrency: true }, () => {
  let app;
  it('b', async () => { «app = build()»; await app.get(); });
  it('c', async () => { app = build(); await app.get(); });
});`,
      reports: [{ messageId: 'shared', data: { name: 'app', line: '2' } }],
    },
  ],
});
