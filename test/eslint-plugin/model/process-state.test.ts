/** `process.env` and the working directory: every usual way to put them back, and the ways that fail. */
import { testModel } from '../support/model-table.ts';

testModel('process state', [
  {
    name: 'put back for each name of a list, in finally or in a hook',
    code: `import { test } from 'node:test';
function withVariables(given, run) {
  const saved = { ...process.env };
  Object.keys(given).forEach((name) => { process.env[name] = given[name]; });
  try { run(); } finally { Object.keys(given).forEach(function restore(name) { if (saved[name]) process.env[name] = saved[name]; else delete process.env[name]; }); }
}
test('a', () => withVariables({ A: '1' }, run));
test('b', (t) => { const saved = { ...process.env }; t.after(() => NAMES.forEach((name) => { process.env[name] = saved[name]; })); process.env.B = '1'; run(); });
test('c', () => { process.env.C = '1'; run(); NAMES.forEach((name) => { delete process.env[name]; }); }); //! no-unrestored-process-state`,
  },
  {
    name: 'set anew by a helper that tests call first; something else, too late, or for no other test',
    code: `import { test } from 'node:test';
function reset() { process.env.MODE = 'plain'; process.env.LEVEL = '1'; }
function resetOnce() { process.env.FLAG = 'on'; }
test('first', () => { reset(); process.env.MODE = 'odd'; run(); });
test('again', () => { reset(); process.env.LEVEL = '2'; run(); });
test('something else', () => { reset(); process.env.OTHER = '1'; run(); }); //! no-unrestored-process-state
test('too late', () => { process.env.MODE = 'odd'; run(); reset(); }); //! no-unrestored-process-state
test('for no other', () => { resetOnce(); process.env.FLAG = 'off'; run(); }); //! no-unrestored-process-state`,
  },
  {
    name: 'file level snapshot, afterEach',
    code: `import { test, afterEach } from 'node:test';
const env = { ...process.env };
afterEach(() => { process.env = { ...env }; });
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'file level snapshot, after',
    language: 'cjs',
    code: `const { test, after, beforeEach } = require('node:test');
const env = { ...process.env };
beforeEach(() => { delete process.env.A; process.env.B = 'x'; });
after(() => { process.env = { ...env }; });
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'Object.assign',
    language: 'cjs',
    code: `const { test, after, beforeEach } = require('node:test');
const original = Object.assign({}, process.env);
after(() => { Object.assign(process.env, original); });
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'structuredClone and loop',
    code: `import { test, afterEach } from 'node:test';
const original = structuredClone(process.env);
afterEach(() => { for (const key of Object.keys(process.env)) { if (!(key in original)) delete process.env[key]; } for (const [k, v] of Object.entries(original)) process.env[k] = v; });
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'restore list of keys',
    code: `import { test, afterEach, beforeEach } from 'node:test';
const KEYS = ['A', 'B'];
let saved = {};
beforeEach(() => { for (const k of KEYS) { saved[k] = process.env[k]; delete process.env[k]; } });
afterEach(() => { for (const k of KEYS) { if (saved[k] === undefined) delete process.env[k]; else process.env[k] = saved[k]; } });
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'restore in helper',
    code: `import { test, afterEach } from 'node:test';
const original = process.env.A;
function restore() { if (original === undefined) delete process.env.A; else process.env.A = original; }
afterEach(restore);
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'restore in helper arrow',
    code: `import { test, afterEach } from 'node:test';
const original = process.env.A;
const restore = () => { if (original === undefined) delete process.env.A; else process.env.A = original; };
afterEach(() => restore());
test('a', () => { process.env.A = '1'; });`,
  },
  {
    name: 'helper returns restorer',
    code: `import { test } from 'node:test';
function setEnv(name, value) { const old = process.env[name]; process.env[name] = value; return () => { if (old === undefined) delete process.env[name]; else process.env[name] = old; }; }
test('a', (t) => { const restore = setEnv('A', '1'); t.after(restore); });
test('b', (t) => { t.after(setEnv('A', '1')); });`,
  },
  {
    name: 'stack of cleanups',
    code: `import { test, afterEach } from 'node:test';
const undo = [];
function set(k, v) { const old = process.env[k]; process.env[k] = v; undo.push(() => { process.env[k] = old; }); }
afterEach(() => { while (undo.length) undo.pop()(); });
test('a', () => { set('A', '1'); });`,
  },
  {
    name: 'let in beforeEach, restore in afterEach',
    code: `import { describe, it, beforeEach, afterEach } from 'node:test';
describe('x', () => {
  let saved;
  beforeEach(() => { saved = process.env.A; process.env.A = 'x'; });
  afterEach(() => { if (saved !== undefined) process.env.A = saved; else delete process.env.A; });
  it('a', () => { process.env.A = '1'; });
});`,
  },
  {
    name: 'missing restore, other variable restored',
    code: `import { describe, it, beforeEach, afterEach } from 'node:test';
describe('x', () => {
  let saved;
  beforeEach(() => { saved = process.env.A; process.env.A = 'x'; });
  afterEach(() => { if (saved !== undefined) process.env.A = saved; else delete process.env.A; });
  it('a', () => { process.env.B = '1'; }); //! no-unrestored-process-state
});`,
  },
  {
    name: 'inline',
    code: `import { it } from 'node:test';
it('a', () => { const old = process.env.A; process.env.A = '1'; f(); process.env.A = old; }); //! no-unrestored-process-state no-undefined-env-restore
it('b', () => { process.env.A = '1'; f(); delete process.env.A; }); //! no-unrestored-process-state
it('c', () => { process.chdir('/tmp'); f(); process.chdir(__dirname); }); //! no-unrestored-process-state
it('d', () => { const cwd = process.cwd(); process.chdir('/tmp'); try { f(); } finally { process.chdir(cwd); } });
it('e', (t) => { const cwd = process.cwd(); t.after(() => process.chdir(cwd)); process.chdir('/tmp'); f(); });
it('f', (t) => { t.after(process.chdir.bind(process, process.cwd())); process.chdir('/tmp'); f(); });
it('g', (t) => { t.mock.method(process, 'cwd', () => '/tmp'); f(); });
it('h', () => { const { A } = process.env; try { process.env.A = '1'; f(); } finally { process.env.A = A; } }); //! no-undefined-env-restore
it('i', () => { const { env } = process; env.A = '1'; f(); }); //! no-unrestored-process-state`,
  },
  {
    name: 'before suite, after suite',
    code: `import { describe, it, before, after } from 'node:test';
describe('x', () => {
  before(() => { process.env.A = 'x'; });
  after(() => { delete process.env.A; });
  it('a', () => { });
});
describe('y', () => {
  before(() => { process.env.A = 'x'; }); //! no-unrestored-process-state
  it('a', () => { });
});`,
  },
  {
    name: 'process.env.replace in try/finally with whole',
    code: `import { it } from 'node:test';
it('a', () => { const saved = { ...process.env }; try { process.env.A = '1'; f(); } finally { for (const k in process.env) if (!(k in saved)) delete process.env[k]; Object.assign(process.env, saved); } });`,
  },
  {
    name: 'class fixture for env',
    code: `import { it, before, after } from 'node:test';
class Env { constructor() { this.saved = { ...process.env }; } set(k, v) { process.env[k] = v; } restore() { process.env = this.saved; } }
it('a', (t) => { const env = new Env(); t.after(() => env.restore()); env.set('A', '1'); });`,
  },
  {
    name: 't.mock.property / mock.property env',
    code: `import { it, mock } from 'node:test';
it('a', (t) => { t.mock.property(process.env, 'A', '1'); });`,
  },
  {
    name: 'deleted by a test that nothing counts on',
    code: `import { test } from 'node:test';
test('unset', () => { delete process.env.FEATURE; assert.equal(isOn(), false); });
test('set', (t) => { process.env.FEATURE = '1'; t.after(() => { delete process.env.FEATURE; }); assert.ok(isOn()); });`,
  },
  {
    name: 'deleted in the last lines: what the code under test has set',
    code: `import { test } from 'node:test';
test('publishes its address', async () => { await start(); assert.equal(process.env.ADDRESS, 'x'); delete process.env.ADDRESS; });`,
  },
  {
    name: 'deleted, though the file sets it for all its tests',
    code: `import { before, test } from 'node:test';
process.env.A = 'a';
before(() => { process.env.B = 'b'; });
test('a', () => { delete process.env.A; assert.throws(load); }); //! no-unrestored-process-state
test('b', () => { delete process.env.B; assert.throws(load); }); //! no-unrestored-process-state
test('path', () => { delete process.env.PATH; assert.throws(run); }); //! no-unrestored-process-state`,
  },
  {
    name: 'deleted, though it may come from outside: the file reads what it finds',
    code: `import { test } from 'node:test';
const url = process.env.DATABASE_URL;
test('a', () => { delete process.env.DATABASE_URL; assert.throws(load); }); //! no-unrestored-process-state`,
  },
  {
    name: 'set anew before each test',
    code: `import { beforeEach, describe, test } from 'node:test';
describe('a', () => {
  beforeEach(() => { process.chdir(makeProject()); process.env.MODE = 'x'; }); //! no-unrestored-process-state no-unrestored-process-state
  test('a', () => { process.chdir('packages'); process.env.MODE = 'y'; run(); });
});`,
  },
  {
    name: 'put back by a member or a copy of what was saved',
    code: `import { test } from 'node:test';
test('a', () => { const saved = { ...process.env }; try { process.env.A = '1'; run(); } finally { process.env = { ...saved }; } });
test('b', () => { const saved = { ...process.env }; process.env.A = '1'; run(); process.env.A = saved.A; }); //! no-unrestored-process-state`,
  },
  {
    name: 'a constant names the variable',
    code: `import { test } from 'node:test';
const NAME = 'TOKEN';
test('a', (t) => { process.env[NAME] = 'x'; t.after(() => { delete process.env.TOKEN; }); run(); });
test('b', () => { process.env[NAME] = 'x'; run(); delete process.env.TOKEN; }); //! no-unrestored-process-state`,
  },
]);
