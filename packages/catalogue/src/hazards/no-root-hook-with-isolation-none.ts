import { defineHazard } from '../hazard.ts';

export const noRootHookWithIsolationNone = defineHazard({
  id: 'no-root-hook-with-isolation-none',
  title: 'Give hooks a suite when files share a process',
  category: 'teardown',
  symptoms: ['Called end on pool more than once'],
  signs: [
    'a `beforeEach` of one file runs for the tests of another',
    'every `before` at the top of any file runs before the first test of all',
    'a file passes alone and fails with `--test-isolation=none`',
  ],
  cause:
    'A hook at the top level of a file belongs to the root of the process. Each file has a process of its own, unless `--test-isolation=none`, `run({ isolation: "none" })` ' +
    'or a file that imports the others puts them all into one: then each such hook serves the tests of every file.',
  remedy:
    'Put the tests of a file and their hooks into one `describe`, and let the module that opens a shared resource release it. ' +
    'Suites that use a database are better off with a process per file, which is the default.',
  severity: 'error',
  presets: [],
  unseenBy: {
    linter:
      'a hook at the top level is right where files have processes of their own, and the flag that takes them away stands in a command.',
    runtime: 'the hooks that node:test runs for a test do not say which file declared them.',
  },
  evidence: [
    'nodejs/node#62283',
    'nodejs/node#53927',
    'nodejs/node#48871',
    'denoland/dnt#514',
    'https://nodejs.org/api/test.html#test-runner-execution-model',
  ],
  whenNotToUse: 'There is no rule to turn off.',
  examples: [
    {
      title: 'two files in one process, each with hooks at its top level',
      file: 'all.test.mjs',
      reportedBy: [],
      alongside: ['no-use-after-end'],
      bad: `// What --test-isolation=none does with all files of a folder.
import './orders.test.mjs';
import './users.test.mjs';
`,
      good: `// What --test-isolation=none does with all files of a folder.
import { after } from 'node:test';
import { pool } from './app.mjs';
import './orders.test.mjs';
import './users.test.mjs';

after(() => pool.end());
`,
      beside: {
        bad: {
          'app.mjs': `import pg from 'pg';

export const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
export const session = new Map();
`,
          'orders.test.mjs': `import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { pool, session } from './app.mjs';

beforeEach(() => {
  session.set('user', 'ada');
});
after(() => pool.end());

test('orders are listed for ada', () => {
  assert.equal(session.get('user'), 'ada');
});
`,
          'users.test.mjs': `import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { pool, session } from './app.mjs';

beforeEach(() => {
  session.set('user', 'grace');
});
after(() => pool.end());

test('users are listed for grace', () => {
  assert.equal(session.get('user'), 'grace');
});
`,
        },
        good: {
          'app.mjs': `import pg from 'pg';

export const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
export const session = new Map();
`,
          'orders.test.mjs': `import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { session } from './app.mjs';

describe('orders', () => {
  beforeEach(() => {
    session.set('user', 'ada');
  });

  test('are listed for ada', () => {
    assert.equal(session.get('user'), 'ada');
  });
});
`,
          'users.test.mjs': `import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { session } from './app.mjs';

describe('users', () => {
  beforeEach(() => {
    session.set('user', 'grace');
  });

  test('are listed for grace', () => {
    assert.equal(session.get('user'), 'grace');
  });
});
`,
        },
      },
    },
  ],
});
