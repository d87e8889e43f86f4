/** What a hook elsewhere puts back for all tests of a project is no test's to put back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

const code = `import { test } from 'node:test';
import './own.js';
test('a', () => { process.env.A = '1'; });
`;
const changed = ['no-unrestored-process-state:3'];

const restoring = `import { afterEach } from 'node:test';
const original = { ...process.env };
afterEach(() => { process.env = original; });
`;
const script = (test: string): string => JSON.stringify({ scripts: { test } });

/** The files as those of a folder of the project. */
function within(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [join(folder, name), text]),
  );
}

describe('a variable that a test sets', () => {
  const cases: Record<string, { files: Record<string, string>; expected: string[] }> = {
    'nobody puts it back': {
      files: {
        'package.json': script('node --test'),
        'own.js': 'export {};',
        'setup.js': restoring,
      },
      expected: changed,
    },
    'what the test script preloads does': {
      files: { 'package.json': script('node --import ./setup.js --test'), 'setup.js': restoring },
      expected: [],
    },
    'what it preloads with an equals sign, through another file': {
      files: {
        'package.json': script('tsx --test --require=./test/setup.cjs "test/**/*.test.js"'),
        'test/setup.cjs': `require('./hooks.cjs');`,
        'test/hooks.cjs': `const { afterEach } = require('node:test');
const saved = { ...process.env };
afterEach(() => { Object.assign(process.env, saved); });`,
      },
      expected: [],
    },
    'what the one file that runs all others loads': {
      files: {
        'package.json': script('c8 node --test tests/all.js'),
        'tests/all.js': `import './globals.js';\nfor (const file of files) await import(file);`,
        'tests/globals.js': `globalThis.afterEach?.(() => { for (const key of keys) process.env[key] = saved[key]; });`,
      },
      expected: [],
    },
    'what the script of a folder further out loads': {
      files: {
        '../package.json': script('node --import ./setup.js --test'),
        '../setup.js': restoring,
        'package.json': script('node --test'),
      },
      expected: [],
    },
    'a function that registers a hook when it is called': {
      files: {
        'own.js': `import { afterEach } from 'node:test';
export function restored(t) {
  const saved = { ...process.env };
  t.after(() => { process.env = saved; });
}
afterEach(() => {
  clear();
});
process.env = { ...process.env };`,
      },
      expected: changed,
    },
    'another test that a script runs alone, for its own': {
      files: { 'package.json': script('node --test b.test.js'), 'b.test.js': restoring },
      expected: changed,
    },
    'a file that it imports does': {
      files: { 'package.json': script('node --test'), 'own.js': restoring },
      expected: [],
    },
    'a hook that puts one variable back': {
      files: {
        'own.js': `import { after } from 'node:test';\nafter(() => { process.env.B = '1'; });`,
      },
      expected: changed,
    },
    'a file that sets variables and has no hook': {
      files: { 'own.js': `Object.assign(process.env, { B: '1' });` },
      expected: changed,
    },
    'a hook that puts something else back': {
      files: { 'own.js': restoring.replaceAll('process.env', 'globalThis.b') },
      expected: changed,
    },
    'a manifest that is no object': {
      files: { 'package.json': '[1, "node --test --import ./setup.js"]', 'setup.js': restoring },
      expected: changed,
    },
    'a script that loads a package, a pattern and nothing': {
      files: {
        'package.json': script('node --import tsx --test *.test.js --import'),
        'setup.js': restoring,
      },
      expected: changed,
    },
  };

  for (const [name, { files, expected }] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, within('tests', { ...files, 'a.test.js': code }));
      assert.deepEqual(reportsIn(folder, 'tests/a.test.js', code), expected);
      const alone = { followImports: false };
      assert.deepEqual(reportsIn(folder, 'tests/a.test.js', code, alone), changed);
    });
  }
});

test('the dispatcher and the working directory are put back likewise', async (t) => {
  const both = `import { test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
import './own.js';
test('a', () => { setGlobalDispatcher(new MockAgent()); process.chdir('/tmp'); });
`;
  const folder = await projectFolder(t, {
    'a.test.js': both,
    'own.js': `import { afterEach } from 'node:test';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
const dispatcher = getGlobalDispatcher();
const directory = process.cwd();
afterEach(() => { setGlobalDispatcher(dispatcher); process.chdir(directory); });`,
  });
  assert.deepEqual(reportsIn(folder, 'a.test.js', both), []);
});

test('what `using` of another file’s making does at its end', async (t) => {
  const helper = `export async function useProject() {
  const before = process.cwd();
  return { path: '/tmp', async [Symbol.asyncDispose]() { process.chdir(before); } };
}
`;
  const uses = (make: string): string => `import { test } from 'node:test';
import { useProject } from './project.js';
test('a', async () => { ${make} process.chdir(project.path); });
`;
  const folder = await projectFolder(t, {
    'project.js': helper,
    'other.js': helper.replace('process.chdir(before)', 'release()'),
  });
  const disposed = uses('await using project = await useProject();');
  assert.deepEqual(reportsIn(folder, 'a.test.js', disposed), []);
  for (const code of [
    uses('const project = await useProject();'),
    disposed.replace('./project.js', './other.js'),
    disposed.replace('./project.js', './missing.js'),
    disposed.replace(/(await using.*?;) (.*?;)/, '$2 $1'),
  ]) {
    assert.deepEqual(reportsIn(folder, 'a.test.js', code), changed, code);
  }
});
