/** A rule that throws kills the whole lint: odd syntax, half a file and unusual trees are survived. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import type { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';
import { ESLINT_VERSIONS } from './support/eslint-versions.ts';

const javascript: Record<string, string> = {
  'an empty file': '',
  'only a comment that names node:test': '// node:test',
  'a class with everything': `import { test } from 'node:test';
class A { static #a = 1; static { test('a', () => { process.env.A = '1'; }); } get b() { return this.#c; } #c = () => process.chdir('a'); [Symbol.iterator]() {} }
export default class extends A {}`,
  'a test with no, wrong, and too many arguments': `import test, { after, before } from 'node:test';
test(); test('a'); test('a', {}); test(null, undefined, 1); test(...args); after(); before(1); after(...fns); test('a', async function* (t) { yield t; });`,
  'destructuring with defaults, holes and rests': `import * as nodeTest from 'node:test';
const { test: t2 = nodeTest.test, ...others } = nodeTest; const [, b = t2] = [];
t2('a', ({ after, test: { skip } = {} }, ...rest) => { after(() => rest); skip('b', () => {}); });`,
  'functions that call each other for ever': `import { test } from 'node:test';
import { Pool } from 'pg';
const a = () => b(); const b = () => a(); function c() { return c(); }
function open(x) { return close(x); } function close(x) { return open(x); }
test('a', a); test('b', () => { const pool = c() ?? new Pool(); open(pool); process.env.A = '1'; });`,
  'variables that are their own value': `import { test } from 'node:test';
let a = a; const b = c, c = b; var d = d.e; test('a', () => { a(); b(); d(); a.end(); b.listen(1); });`,
  'objects whose properties are each other’s': `import { test } from 'node:test';
const a = { b: a.b, c: d.e }; const d = { e: a.c }; const f = () => f(); const g = { h: new Pool({ connectionString: f() }) };
test('a', async () => { await a.b.query('truncate x'); await a.c.query('drop table x'); await g.h.query('truncate y'); const i = await a.c.connect(); i.release(); });`,
  'a helper that calls itself and changes the process': `import { test } from 'node:test';
function a(t) { process.env.A = '1'; a(t); t.after(() => a(t)); } test('a', (t) => a(t)); test('b', (t) => { process.env.A = '2'; t.after(() => a(t)); });`,
  'calls of what they make, and parameters given to their own function': `import { test } from 'node:test';
const a = a(() => 1).b(); const { c } = c(); let d = d()()(); const require = require('module').createRequire(require)();
function e(t) { e(t); t = e(t); t.after(() => e(t)); } test('a', (t) => { a.c(); c(); d.e(); e(t); });`,
  'parameters of functions at the top of a file': `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool(); after(() => stop(pool)); function stop(it) { return it.end(); }
test('a', async () => { const client = await pool.connect(); await work(client); });
async function work(client, { deep: [x] } = {}) { await client.query(x); client.release(); }`,
  'computed and private members': `import { test } from 'node:test';
const process2 = process; test('a', () => { process[\`env\`].A = undefined; process2['env'][key] = 1; delete process.env[Symbol.x]; process?.env?.A; });`,
  'a resource in every odd place': `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  new Pool(), new Pool(); [new Pool()]; ({ a: new Pool() }); \`\${new Pool()}\`; for (const p of [new Pool()]) p.end();
  const { end } = new Pool(); const [q] = [new Pool()]; let r; ({ r } = { r: new Pool() }); (r ||= new Pool()).end();
  label: for (;;) { const s = new Pool(); if (s) break label; }
  switch (1) { case 1: const u = new Pool(); await u.end(); }
  await (await new Pool().connect()).release();
});`,
};

const HEAD = `import { describe, test } from 'node:test'; import { Pool } from 'pg';\n`;
const DEPTH = 300;

/** What generators and bundlers write: deeper and longer than anybody would by hand. */
const deep: Record<string, string> = {
  'a chain of calls': `${HEAD}const a = new Pool()${`.on('a', f)`.repeat(DEPTH)}; test('a', (t) => { t${'.b()'.repeat(DEPTH)}; });`,
  'a chain of promises': `${HEAD}test('a', () => new Pool().connect()${'.then((c) => c.release())'.repeat(DEPTH)});`,
  'a text of many parts': `${HEAD}test('a', () => { pool.query(${"'a' + ".repeat(DEPTH)}'b'); });`,
  'suites in suites': `${HEAD}${"describe('a', () => {".repeat(DEPTH)}test('b', () => { process.env.A = '1'; });${'});'.repeat(DEPTH)}`,
  'subtests in subtests': `${HEAD}test('a', async (t) => {${"await t.test('a', async (t) => {".repeat(DEPTH)}process.env.A = '1';${'});'.repeat(DEPTH)}});`,
  'one else after another': `${HEAD}test('a', () => {${"if (a) { process.chdir('x') } else ".repeat(DEPTH)}{} });`,
  'helpers that call the next': `${HEAD}${Array.from({ length: DEPTH }, (_, n) => `function f${n}(t) { return f${n + 1}(t); }`).join('\n')}
function f${DEPTH}(t) { process.env.A = '1'; return new Pool(); } test('a', (t) => { const p = f0(t); p.end(); });`,
  'names for names': `${HEAD}const a0 = test; ${Array.from({ length: DEPTH }, (_, n) => `const a${n + 1} = a${n};`).join('\n')} a${DEPTH}('a', () => { process.env.A = '1'; });`,
  'two thousand tests': `${HEAD}${"test('a', () => { process.env.A = '1'; });\n".repeat(2_000)}`,
};

const typescript: Record<string, string> = {
  'decorators, enums, namespaces, overloads': `import { test } from 'node:test';
import pg = require('pg');
@decorate() class A { @field() accessor a = 1; constructor(private readonly b: string) {} method(): void; method(x?: string): void {} }
enum E { A = 1 } namespace N { export const x = 1 } declare module 'x' { export const y: number }
abstract class B { abstract c(): void; declare d: string; }
test('a', () => { const p = <pg.Pool>new pg.Pool(); (p as unknown as { end(): void }).end(); p!.end(); p satisfies unknown; });`,
  'types only': `import type { TestContext } from 'node:test'; export type A = TestContext; declare function f(t: TestContext): void; export function g(this: void, t?: TestContext, ...u: TestContext[]) {}`,
  using: `import { test } from 'node:test'; import { Client } from 'pg';
test('a', async () => { await using c = new Client(), d = new Client(); using e = f(); for (await using x of y) await c.connect(); });`,
};

for (const { version, Linter: VersionedLinter } of ESLINT_VERSIONS) {
  const linter = new VersionedLinter();
  describe(`ESLint ${version} survives`, () => {
    for (const [name, code] of Object.entries(javascript)) {
      test(name, () => {
        for (const sourceType of ['module', 'commonjs', 'script'] as const) {
          survive(linter, code, { sourceType });
        }
        survive(linter, code, { parser: tseslint.parser });
      });
    }
    for (const [name, code] of Object.entries(deep)) {
      test(name, () => {
        survive(linter, code, {});
        survive(linter, code, { parser: tseslint.parser });
      });
    }
    for (const [name, code] of Object.entries(typescript)) {
      test(name, () => {
        survive(linter, code, { parser: tseslint.parser });
      });
    }
    test('each example of the catalogue, cut off at every line', () => {
      for (const { code, parser } of examples()) {
        const lines = code.split('\n');
        for (let end = 0; end <= lines.length; end++) {
          // Closing what is open makes most of the halves parse.
          const half = lines.slice(0, end).join('\n');
          for (const closing of ['', '});', '}});', '}']) {
            survive(linter, half + closing, parser ? { parser } : {});
          }
        }
      }
    });
  });
}

function examples(): { code: string; parser?: Linter.Parser }[] {
  return HAZARDS.flatMap((entry: Hazard) =>
    entry.examples.flatMap(({ bad, good, file }) =>
      [bad, good].map((code) => ({
        code,
        ...(file.endsWith('.ts') && { parser: tseslint.parser }),
      })),
    ),
  );
}

/** A parse error is the parser's to report; a rule that throws would throw here. */
function survive(
  linter: Linter,
  code: string,
  languageOptions: NonNullable<Linter.Config['languageOptions']>,
): void {
  const config = { ...savepoint.configs.strict, languageOptions };
  assert.doesNotThrow(() => linter.verify(code, [config], { filename: 'a.js' }), code);
}
