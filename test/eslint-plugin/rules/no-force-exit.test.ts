/** Exits of test code that end the process before node:test has reported. */
import { testRule } from '../support/rule-table.ts';

testRule('no-force-exit', {
  valid: [
    {
      name: 'the exit code, set',
      code: `import { after, test } from 'node:test';
after(() => { process.exitCode = 1; });
test('a', () => {});`,
    },
    {
      name: 'an exit that is mocked',
      code: `import { test } from 'node:test';
test('a', (t) => {
  const exit = t.mock.method(process, 'exit', () => {});
  process.exit(2);
  t.assert.equal(exit.mock.callCount(), 1);
});`,
    },
    {
      name: 'an exit that is replaced',
      code: `const test = require('node:test');
const original = process.exit;
test('a', (t) => {
  t.after(() => { process.exit = original; });
  process.exit = (code) => { throw new Error(String(code)); };
  t.assert.throws(() => process.exit(1), /1/);
});`,
      language: 'cjs',
    },
    {
      name: 'code for another process',
      code: `import { test } from 'node:test';
if (process.argv[2] === 'child') process.exit(3);
test('a', async (t) => {
  await inChild(async (manager) => {
    setImmediate(() => process.exit(0));
    return manager.create();
  });
});`,
    },
    {
      name: 'a handler for signals, and a script in a string',
      code: `import { test } from 'node:test';
process.on('SIGINT', () => process.exit(130));
test('a', () => { spawn('node', ['-e', 'process.exit(1)']); });`,
    },
    {
      name: 'an exit of another thing',
      code: `import { test } from 'node:test';
test('a', ({ process }) => { process.exit(1); store.exit(() => {}); });`,
    },
    {
      name: 'a runner without forceExit',
      code: `import { run } from 'node:test';
import { run as start } from './server.js';
run({ files: [], forceExit: false, concurrency: true });
start({ forceExit: true });`,
    },
  ],
  invalid: [
    {
      name: 'in a hook',
      code: `import { after, test } from 'node:test';
import process from 'node:process';
after(() => «process.exit()»);
test('a', () => {});`,
      reports: [{ messageId: 'hook' }],
    },
    {
      name: 'in the last test',
      code: `const { test } = require('node:test');
test('Teardown', async () => {
  await new Promise((resolve) => server.close(() => resolve()));
  «process.exit(0)»;
});`,
      language: 'cjs',
      reports: [{ messageId: 'test' }],
    },
    {
      name: 'a little later, where something else has ended',
      code: `import { after } from 'node:test';
after(() => { setTimeout(() => «process.exit(0)», 100).unref(); });
after(() => { server.close(() => { «process.exit()»; }); });
after(() => pool.end().then(() => «process.exit()»));`,
      reports: [{ messageId: 'hook' }, { messageId: 'hook' }, { messageId: 'hook' }],
    },
    {
      name: 'imported',
      code: `import { exit } from 'node:process';
import { test } from 'node:test';
test.afterEach((): void => «exit(0)»);`,
      language: 'ts',
      reports: [{ messageId: 'hook' }],
    },
    {
      name: 'a runner with forceExit',
      code: `import { run } from 'node:test';
import { spec } from 'node:test/reporters';
run({ files: ['a.test.js'], «forceExit: true» }).compose(spec).pipe(process.stdout);`,
      reports: [{ messageId: 'run' }],
    },
  ],
});
