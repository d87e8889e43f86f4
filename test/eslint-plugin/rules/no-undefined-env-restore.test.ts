import { testRule } from '../support/rule-table.ts';

testRule('no-undefined-env-restore', {
  valid: [
    {
      name: 'asked first, in every way',
      code: `import { afterEach, test } from 'node:test';
const saved = process.env.A;
afterEach(() => { if (saved === undefined) delete process.env.A; else process.env.A = saved; });
afterEach(() => { if (saved !== undefined) process.env.A = saved; });
afterEach(() => { saved === undefined ? delete process.env.A : (process.env.A = saved); });
afterEach(() => { saved && (process.env.A = saved); });
afterEach(() => { if (saved === undefined) { delete process.env.A; return; } process.env.A = saved; });
test('a', () => { process.env.A = saved ?? ''; });`,
    },
    {
      name: 'set by the file, so there is a value',
      code: `import { after, test } from 'node:test';
process.env.A = 'a';
const saved = process.env.A;
after(() => { process.env.A = saved; });
test('a', () => {});`,
    },
    {
      name: 'set in every process',
      code: `import { after, test } from 'node:test';
const saved = process.env.PATH;
after(() => { process.env.PATH = saved; });
test('a', () => {});`,
    },
    {
      name: 'saved with a default, or another variable',
      code: `import { after, test } from 'node:test';
const saved = process.env.A ?? 'a';
const other = makeValue();
after(() => { process.env.A = saved; process.env.B = other; });
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'a saved value, in a hook',
      code: `import { test } from 'node:test';
test('a', (t) => {
  const saved = process.env.PGHOST;
  process.env.PGHOST = 'db';
  t.after(() => {
    «process.env.PGHOST = saved»;
  });
});`,
      reports: [
        {
          messageId: 'saved',
          data: { name: 'process.env.PGHOST', saved: 'saved' },
          suggestion: {
            messageId: 'deleteWhenUndefined',
            output: `import { test } from 'node:test';
test('a', (t) => {
  const saved = process.env.PGHOST;
  process.env.PGHOST = 'db';
  t.after(() => {
    if (saved === undefined) delete process.env.PGHOST;
    else process.env.PGHOST = saved;
  });
});`,
          },
        },
      ],
    },
    {
      name: 'undefined itself, in a test and as the body of a hook',
      language: 'cjs',
      code: `const { after, test } = require('node:test');
test('a', () => { «process.env.A = undefined»; });
after(() => («process.env.A = undefined»));`,
      reports: [
        {
          messageId: 'literal',
          suggestion: {
            messageId: 'deleteVariable',
            output: `const { after, test } = require('node:test');
test('a', () => { delete process.env.A; });
after(() => (process.env.A = undefined));`,
          },
        },
        {
          messageId: 'literal',
          suggestion: {
            messageId: 'deleteVariable',
            output: `const { after, test } = require('node:test');
test('a', () => { process.env.A = undefined; });
after(() => delete process.env.A);`,
          },
        },
      ],
    },
    {
      name: 'saved by destructuring and by a hook',
      language: 'ts',
      code: `import { afterEach, beforeEach, test } from 'node:test';
const { TOKEN } = process.env;
let agent: string | undefined;
beforeEach(() => { agent = process.env.npm_config_user_agent; });
afterEach(() => {
  «process.env.TOKEN = TOKEN»;
  «process.env.npm_config_user_agent = agent»;
});
test('a', () => {});`,
      reports: [
        {
          messageId: 'saved',
          suggestion: {
            messageId: 'deleteWhenUndefined',
            output: `import { afterEach, beforeEach, test } from 'node:test';
const { TOKEN } = process.env;
let agent: string | undefined;
beforeEach(() => { agent = process.env.npm_config_user_agent; });
afterEach(() => {
  if (TOKEN === undefined) delete process.env.TOKEN;
  else process.env.TOKEN = TOKEN;
  process.env.npm_config_user_agent = agent;
});
test('a', () => {});`,
          },
        },
        {
          messageId: 'saved',
          suggestion: {
            messageId: 'deleteWhenUndefined',
            output: `import { afterEach, beforeEach, test } from 'node:test';
const { TOKEN } = process.env;
let agent: string | undefined;
beforeEach(() => { agent = process.env.npm_config_user_agent; });
afterEach(() => {
  process.env.TOKEN = TOKEN;
  if (agent === undefined) delete process.env.npm_config_user_agent;
  else process.env.npm_config_user_agent = agent;
});
test('a', () => {});`,
          },
        },
      ],
    },
  ],
});
