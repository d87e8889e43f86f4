import { testRule } from '../support/rule-table.ts';

testRule('no-unrestored-process-state', {
  valid: [
    {
      name: 'inside a function of another file that promises a surrounding of its own',
      code: `import { test } from 'node:test';
import { isolated, withIsolatedProcess } from './helpers.js';
test('a', () => {
  withIsolatedProcess(() => { process.chdir('/tmp'); process.env.MARKER = 'a'; });
});
test('b', () => isolated(async () => { process.env.OTHER = await ask(); }));`,
    },
    {
      name: 'at the top of a test file: its own process',
      code: `import { before, test } from 'node:test';
process.env.MODE = 'test';
process.chdir('/tmp');
before(() => { process.env.OTHER = 'test'; });
test('a', () => {});`,
    },
    {
      name: 'before all tests of the one suite that is the file',
      code: `import { before, describe, it } from 'node:test';
describe('questions', () => {
  before(() => { process.env.MODE = 'test'; });
  it('a', () => {});
  describe('inner', () => { it('b', () => {}); });
});`,
    },
    {
      name: 'restored in t.after, after in the body, finally',
      code: `import { after, test } from 'node:test';
test('a', (t) => { const saved = process.env.A; process.env.A = '1'; t.after(() => { process.env.A = saved; }); });
test('b', () => { process.env.B = '1'; after(() => { delete process.env.B; }); });
test('c', () => { process.env['C'] = '1'; try { work(); } finally { delete process.env['C']; } });
test('d', (t) => { const cwd = process.cwd(); process.chdir('/tmp'); t.after(() => process.chdir(cwd)); });`,
    },
    {
      name: 'a snapshot of the whole environment, put back after each test or after all',
      code: `import { afterEach, beforeEach, describe, test } from 'node:test';
const saved = { ...process.env };
afterEach(() => { process.env = { ...saved }; });
describe('a', () => { beforeEach(() => { process.env.A = '1'; }); test('b', () => { process.env.B = '1'; delete process.env.C; }); });`,
    },
    {
      name: 'every key of a list',
      code: `import { afterEach, test } from 'node:test';
const keys = ['A', 'B'];
afterEach(() => { for (const key of keys) delete process.env[key]; });
test('a', () => { process.env.A = '1'; });`,
    },
    {
      name: 'a helper of the file puts it back',
      code: `import { test } from 'node:test';
function restore(name, value) { if (value === undefined) delete process.env[name]; else process.env[name] = value; }
test('a', () => { const saved = process.env.A; process.env.A = '1'; try { work(); } finally { restore('A', saved); } });`,
    },
    {
      name: 'a helper with the context puts it back',
      code: `import { test } from 'node:test';
function setEnv(t, name, value) {
  const saved = process.env[name];
  process.env[name] = value;
  t.after(() => { process.env[name] = saved; });
}
test('a', (t) => { setEnv(t, 'A', '1'); });`,
    },
    {
      name: 'a function of another file that says so puts it back',
      code: `import { afterEach, test } from 'node:test';
import { resetEnvironment } from './helper.js';
afterEach(() => resetEnvironment());
test('a', () => { process.env.A = '1'; });`,
    },
    {
      name: 'a hook of another file',
      code: `import { afterEach, test } from 'node:test';
import { clean } from './helper.js';
afterEach(clean);
test('a', () => { process.env.A = '1'; });`,
    },
    {
      name: 'a default for where there is none',
      code: `import { test } from 'node:test';
test('a', () => { process.env.A ??= '1'; });`,
    },
    {
      name: 'a process of another name',
      code: `import { test } from 'node:test';
test('a', () => { const process = fake(); process.env.A = '1'; process.chdir('a'); });`,
    },
    {
      name: 'in a pair of hooks that a helper registers',
      language: 'ts',
      code: `import { after, before } from 'node:test';
export function useFolder(path: string) {
  let saved: string;
  before(() => { saved = process.cwd(); process.chdir(path); });
  after(() => { process.chdir(saved); });
}`,
    },
    {
      name: 'test writes what it saved: the restore itself',
      code: `import { test } from 'node:test';
const saved = process.env.A;
process.env.A = '1';
test('stop', () => { process.env.A = saved; });`,
    },
  ],
  invalid: [
    {
      name: 'before the tests of a suite that others follow, or that is part of one',
      code: `import { before, describe, it } from 'node:test';
describe('a', () => {
  before(() => { «process.env.MODE = 'test'»; });
  it('b', () => {});
});
describe('c', () => {
  describe('d', () => {
    before(() => { «process.env.OTHER = 'test'»; });
    it('e', () => {});
  });
  it('f', () => {});
});`,
      reports: [
        {
          messageId: 'environment',
          data: { name: 'process.env.MODE', scope: 'suite' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { after, before, describe, it } from 'node:test';
describe('a', () => {
  const previousMode = process.env.MODE;
  before(() => { process.env.MODE = 'test'; });
  after(() => {
    if (previousMode === undefined) delete process.env.MODE;
    else process.env.MODE = previousMode;
  });
  it('b', () => {});
});
describe('c', () => {
  describe('d', () => {
    before(() => { process.env.OTHER = 'test'; });
    it('e', () => {});
  });
  it('f', () => {});
});`,
          },
        },
        {
          messageId: 'environment',
          data: { name: 'process.env.OTHER', scope: 'suite' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { after, before, describe, it } from 'node:test';
describe('a', () => {
  before(() => { process.env.MODE = 'test'; });
  it('b', () => {});
});
describe('c', () => {
  describe('d', () => {
    const previousOther = process.env.OTHER;
    before(() => { process.env.OTHER = 'test'; });
    after(() => {
      if (previousOther === undefined) delete process.env.OTHER;
      else process.env.OTHER = previousOther;
    });
    it('e', () => {});
  });
  it('f', () => {});
});`,
          },
        },
      ],
    },
    {
      name: 'inside a function of another file that promises nothing',
      code: `import { test } from 'node:test';
import { retried } from './helpers.js';
test('a', () => retried(() => { «process.env.MARKER = 'a'»; return ask(); }));`,
      reports: [{ messageId: 'environment' }],
    },
    {
      name: 'beside a variable that savepoint puts back',
      code: `import { test } from 'node:test';
import { setEnv } from 'savepoint/process';
test('a', (t) => {
  setEnv(t, { A: '1' });
  «process.env.B = '2'»;
});`,
      reports: [
        {
          messageId: 'environment',
          suggestion: [
            {
              messageId: 'changeByRuntime',
              output: `import { test } from 'node:test';
import { setEnv } from 'savepoint/process';
test('a', (t) => {
  setEnv(t, { A: '1' });
  setEnv(t, { B: '2' });
});`,
            },
            {
              messageId: 'registerRestore',
              output: `import { test } from 'node:test';
import { setEnv } from 'savepoint/process';
test('a', (t) => {
  setEnv(t, { A: '1' });
  const previousB = process.env.B;
  t.after(() => {
    if (previousB === undefined) delete process.env.B;
    else process.env.B = previousB;
  });
  process.env.B = '2';
});`,
            },
          ],
        },
      ],
    },
    {
      name: 'a variable, a deletion, the directory',
      code: `import { test } from 'node:test';
test('a', () => {
  «process.env.A = '1'»;
  work();
});
test('b', (t) => {
  «process.chdir('/tmp')»;
});`,
      reports: [
        {
          messageId: 'environment',
          data: { name: 'process.env.A', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
test('a', (t) => {
  const previousA = process.env.A;
  t.after(() => {
    if (previousA === undefined) delete process.env.A;
    else process.env.A = previousA;
  });
  process.env.A = '1';
  work();
});
test('b', (t) => {
  process.chdir('/tmp');
});`,
          },
        },
        {
          messageId: 'workingDirectory',
          suggestion: {
            messageId: 'registerRestore',
            output: `import { test } from 'node:test';
test('a', () => {
  process.env.A = '1';
  work();
});
test('b', (t) => {
  const previousDirectory = process.cwd();
  t.after(() => process.chdir(previousDirectory));
  process.chdir('/tmp');
});`,
          },
        },
      ],
    },
    {
      name: 'restored by the last line',
      language: 'cjs',
      code: `const { it } = require('node:test');
it('a', () => {
  «process.env.A = '1'»;
  work();
  delete process.env.A;
});
it('b', () => {
  const before = process.cwd();
  «process.chdir('/tmp')»;
  work();
  process.chdir(before);
});`,
      reports: [
        {
          messageId: 'environmentInline',
          data: { name: 'process.env.A', scope: 'test', line: '5' },
          suggestion: {
            messageId: 'restoreInFinally',
            output: `const { it } = require('node:test');
it('a', () => {
  process.env.A = '1';
  try {
    work();
  } finally {
    delete process.env.A;
  }
});
it('b', () => {
  const before = process.cwd();
  process.chdir('/tmp');
  work();
  process.chdir(before);
});`,
          },
        },
        {
          messageId: 'workingDirectoryInline',
          data: { name: 'the working directory', scope: 'test', line: '11' },
          suggestion: {
            messageId: 'restoreInFinally',
            output: `const { it } = require('node:test');
it('a', () => {
  process.env.A = '1';
  work();
  delete process.env.A;
});
it('b', () => {
  const before = process.cwd();
  process.chdir('/tmp');
  try {
    work();
  } finally {
    process.chdir(before);
  }
});`,
          },
        },
      ],
    },
    {
      name: 'in beforeEach and never put back; through imports of process',
      language: 'ts',
      code: `import { beforeEach, test } from 'node:test';
import process, { chdir, env } from 'node:process';
beforeEach(() => { «chdir('/tmp')»; });
test('a', async (t) => {
  «Object.assign(process.env, { A: '1' })»;
  await t.test('b', () => { «env.B = '1'»; });
});`,
      reports: [
        {
          messageId: 'workingDirectory',
          suggestion: {
            messageId: 'registerRestore',
            output: `import { afterEach, beforeEach, test } from 'node:test';
import process, { chdir, env } from 'node:process';
const previousDirectory = process.cwd();
beforeEach(() => { chdir('/tmp'); });
afterEach(() => chdir(previousDirectory));
test('a', async (t) => {
  Object.assign(process.env, { A: '1' });
  await t.test('b', () => { env.B = '1'; });
});`,
          },
        },
        {
          messageId: 'environment',
          data: { name: 'process.env.A', scope: 'test' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { beforeEach, test } from 'node:test';
import process, { chdir, env } from 'node:process';
beforeEach(() => { chdir('/tmp'); });
test('a', async (t) => {
  const previousA = process.env.A;
  t.after(() => {
    if (previousA === undefined) delete process.env.A;
    else process.env.A = previousA;
  });
  Object.assign(process.env, { A: '1' });
  await t.test('b', () => { env.B = '1'; });
});`,
          },
        },
        {
          messageId: 'environment',
          data: { name: 'process.env.B', scope: 'subtest' },
          suggestion: {
            messageId: 'registerRestore',
            output: `import { beforeEach, test } from 'node:test';
import process, { chdir, env } from 'node:process';
beforeEach(() => { chdir('/tmp'); });
test('a', async (t) => {
  Object.assign(process.env, { A: '1' });
  await t.test('b', (t) => { const previousB = env.B; t.after(() => { if (previousB === undefined) delete env.B; else env.B = previousB; }); env.B = '1'; });
});`,
          },
        },
      ],
    },
    {
      name: 'the reset in the hook is of something else',
      code: `import { afterEach, mock, test } from 'node:test';
const log = { resetCalls() {} };
afterEach(() => { log.resetCalls(); mock.restoreAll(); });
test('a', (context) => { «process.env[name()] = '1'»; });`,
      reports: [{ messageId: 'environment', data: { name: 'process.env', scope: 'test' } }],
    },
    {
      name: 'the module of tests is a parameter of a helper with one caller',
      language: 'cjs',
      code: `const { test } = require('node:test');
define(test);
function define (t) {
  const { test } = t;
  test('a', () => { try { «process.chdir('/tmp')»; } catch (error) { report(error); } });
}`,
      reports: [
        {
          messageId: 'workingDirectory',
          suggestion: {
            messageId: 'registerRestore',
            output: `const { test } = require('node:test');
define(test);
function define (t) {
  const { test } = t;
  test('a', (t) => { try { const previousDirectory = process.cwd(); t.after(() => process.chdir(previousDirectory)); process.chdir('/tmp'); } catch (error) { report(error); } });
}`,
          },
        },
      ],
    },
  ],
});
