/** An object of a class of the project holds what the class makes for itself, and is ended by its method. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

/** A test that makes a store, uses it and ends it, as told. */
function usesStore(body: string): string {
  return `import { test } from 'node:test';
import { Store } from './store.js';
test('a', async (t) => { ${body} });
`;
}

const forgets = usesStore(
  `const store = new Store(); await store.read();`.replace('read', 'query'),
);
const drops = usesStore(
  `const store = new Store(); t.after(() => { store.close(); }); await store.read();`,
);
const closes = usesStore(
  `const store = new Store(); t.after(() => store.close()); await store.read();`,
);

const esm = `import { Pool } from 'pg';
export class Store {
  #pool = new Pool();
  async read() { return this.#pool.query('select 1'); }
  async close() { await this.#pool.end(); }
}
`;

describe('a class that makes a pool', () => {
  const cases: Record<string, Record<string, string>> = {
    'in a private field': { 'store.js': esm },
    'in the constructor': {
      'store.js': `import pg from 'pg';
export class Store {
  constructor() { this.pool = new pg.Pool(); this.pool.on('error', () => {}); }
  read() { return this.pool.query('select 1'); }
  close() { return this.pool.end(); }
}`,
    },
    'by way of a constant': {
      'store.js': `import pg from 'pg';
export class Store {
  constructor() { const pool = new pg.Pool(); this.pool = pool; }
  read() { return this.pool.query('select 1'); }
  close = async () => { await this.pool.end(); };
}`,
    },
    'in an object of another class': {
      'store.js': `import { Inner } from './inner.js';
export class Store {
  inner = new Inner();
  read() { return this.inner.read(); }
  async close() { await this.inner.stop(); }
}`.replace(
        `import { Inner } from './inner.js';`,
        `import { Pool } from 'pg';
class Inner { pool = new Pool(); read() { return this.pool.query('select 1'); } stop() { return this.pool.end(); } }`,
      ),
    },
    'passed on by name': { 'store.js': `export { Store } from './stores.js';`, 'stores.js': esm },
    CommonJS: {
      'store.js': `const { Pool } = require('pg');
class Store {
  constructor() { this.pool = new Pool(); }
  read() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}
module.exports = { Store };`,
    },
    'TypeScript, among methods that are of no interest': {
      'store.ts': `import { Pool } from 'pg';
import { parse } from './parse.js';
export class Store {
  private readonly pool: Pool;
  constructor() { this.pool = new Pool(); }
${Array.from({ length: 80 }, (_, index) => `  async read${index}(id: number): Promise<unknown> {\n    const { rows } = await this.pool.query('select ${index}', [id]);\n    return rows.map((row) => parse(row));\n  }\n`).join('\n')}
  async read() { return this.pool.query('select 1'); }
  async close(): Promise<void> { await this.pool.end(); }
}`,
    },
  };
  for (const [name, files] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, files);
      const file = Object.keys(files)[0]?.endsWith('.ts') ? 'a.test.ts' : 'a.test.js';
      assert.deepEqual(reportsIn(folder, file, forgets), [
        'no-per-test-pool:3',
        'require-pool-end:3',
      ]);
      assert.deepEqual(reportsIn(folder, file, drops), [
        'no-per-test-pool:3',
        'require-awaited-teardown:3',
      ]);
      assert.deepEqual(reportsIn(folder, file, closes), ['no-per-test-pool:3']);
    });
  }
});

test('a pool that is told where to connect is its own, and is ended all the same', async (t) => {
  const folder = await projectFolder(t, {
    'store.js': `import { Pool } from 'pg';
export class Store {
  constructor(url) { this.pool = new Pool({ connectionString: url }); }
  read() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
  });
  const ofUrl = (code: string): string => code.replace('new Store()', 'new Store(url)');
  assert.deepEqual(reportsIn(folder, 'a.test.js', ofUrl(drops)), ['require-awaited-teardown:3']);
  assert.deepEqual(reportsIn(folder, 'a.test.js', ofUrl(closes)), []);
});

test('an object that is opened by a method holds nothing before', async (t) => {
  const folder = await projectFolder(t, {
    'store.js': `import { createServer } from 'node:http';
export class Store {
  async start() { this.server = createServer(); await new Promise((resolve) => this.server.listen(0, resolve)); }
  close() { return new Promise((resolve) => this.server.close(resolve)); }
}`,
  });
  const started = usesStore('const store = new Store(); await store.start(); await store.close();');
  assert.deepEqual(reportsIn(folder, 'a.test.js', started), ['no-inline-teardown:3']);
  const left = usesStore('const store = new Store(); await store.start(); await fetch(store.url);');
  assert.deepEqual(reportsIn(folder, 'a.test.js', left), ['no-unclosed-server:3']);
  const idle = usesStore('const store = new Store(); await store.query();');
  assert.deepEqual(reportsIn(folder, 'a.test.js', idle), []);
});

describe('nothing is said of a class', () => {
  const cases: Record<string, string> = {
    'that is given what it uses': `export class Store {
  constructor(pool) { this.pool = pool; }
  query() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
    'that may be given it': `import { Pool } from 'pg';
export class Store {
  constructor(options = {}) { this.pool = options.pool ?? new Pool(); }
  query() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
    'that gives its field something else elsewhere': `import { Pool } from 'pg';
export class Store {
  pool = new Pool();
  use(pool) { this.pool = pool; }
  query() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
    'that has no way to end it': `import { Pool } from 'pg';
export class Store {
  pool = new Pool();
  query() { return this.pool.query('select 1'); }
}`,
    'that registers its end itself': `import { after } from 'node:test';
import { Pool } from 'pg';
export class Store {
  pool = new Pool();
  constructor() { after(() => this.close()); }
  query() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
    'that shares one with all': `import { Pool } from 'pg';
const pool = new Pool();
export class Store {
  pool = pool;
  query() { return this.pool.query('select 1'); }
  async close() { await this.pool.end(); }
}`,
    'of half a text': `import { Pool } from 'pg';
export class Store { pool = new Pool(`,
  };
  for (const [name, store] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, { 'store.js': store });
      assert.deepEqual(reportsIn(folder, 'a.test.js', forgets), []);
    });
  }

  test('that is given the context', async (t) => {
    const folder = await projectFolder(t, { 'store.js': esm });
    const code = forgets.replace('new Store()', 'new Store(t)');
    assert.deepEqual(reportsIn(folder, 'a.test.js', code), []);
  });

  test('whose end the test is about', async (t) => {
    const folder = await projectFolder(t, {
      'store.js': esm.replace('new Pool()', 'new Pool({ connectionString: url })'),
    });
    const code = usesStore(
      'const store = new Store(); await store.query(); await store.close(); assert.ok(store.closed);',
    );
    assert.deepEqual(reportsIn(folder, 'a.test.js', code), ['no-per-test-pool:3']);
  });
});
