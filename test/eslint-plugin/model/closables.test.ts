/** What the table does not know, and a test closes by itself. */
import { testModel } from '../support/model-table.ts';

testModel('closables', [
  {
    name: 'what is in memory alone leaves nothing behind',
    code: `import { test } from 'node:test';
import { MemoryStore, SharedMemoryCache, createInMemoryBus, memoryQueue } from './memory.js';
import { Remembering } from './other.js';
test('class', async () => { const store = new MemoryStore(); await store.set('a'); await store.destroy(); });
test('cache', async () => { const cache = new SharedMemoryCache({ ttl: 1 }); await cache.set('a'); await cache.close(); });
test('function', async () => { const bus = createInMemoryBus(); await bus.emit('a'); await bus.stop(); });
test('lower', async () => { const queue = memoryQueue(); await queue.add('a'); await queue.close(); });
test('not by its name', async () => { const other = new Remembering(); await other.set('a'); await other.close(); }); //! no-inline-teardown`,
  },
  {
    name: 'made by a function or class of another file, and closed in the last lines',
    code: `import { test } from 'node:test';
import { startHarness } from './harness.js';
import { Queue } from '../src/queue.js';
import { connect } from 'some-broker';
test('a', async () => { const harness = await startHarness({ users: 2 }); await harness.request('/'); await harness.close(); }); //! no-inline-teardown
test('b', async () => { const queue = new Queue({ size: 1 }); await queue.start(); assert.equal(queue.length, 0); await queue.stop(); }); //! no-inline-teardown
test('c', async () => { const broker = await connect('x'); await broker.publish('a'); await broker.disconnect(); }); //! no-inline-teardown`,
  },
  {
    name: 'registered, in a finally, or by whoever makes it',
    language: 'ts',
    code: `import { after, test } from 'node:test';
import { startHarness, using } from './harness.js';
test('a', async (t) => { const harness = await startHarness(); t.after(() => harness.close()); await harness.request('/'); await harness.close(); });
test('b', async () => { const harness = await startHarness(); try { await harness.request('/'); } finally { await harness.close(); } });
test('c', async (t) => { const harness = await startHarness(t); await harness.request('/'); await harness.close(); });
test('d', async (t) => { const harness = await startHarness({ t, users: 2 }); await harness.request('/'); await harness.close(); });
test('e', async (t) => { const harness = await startHarness({ after: t.after }); await harness.request('/'); await harness.close(); });
test('f', async () => { await using harness = await startHarness(); await harness.request('/'); });
test('g', async () => { const harness = await startHarness(); after(() => harness.close()); await harness.request('/'); await harness.close(); });`,
  },
  {
    name: 'closing is the act: the test goes on, or says so',
    code: `import { test } from 'node:test';
import { startHarness } from './harness.js';
test('a', async () => { const harness = await startHarness(); await harness.request('/'); await harness.close(); assert.ok(harness.closed); });
test('stops what is running', async () => { const queue = await startHarness(); await queue.push(1); await queue.stop(); });
test('a harness stops when nothing runs', async () => { const queue = await startHarness(); await queue.push(1); await queue.stop(); });
test('says how it went', async () => { const queue = await startHarness(); await queue.push(1); assert.equal(await queue.end(), 1); });
test('shutting down twice', async () => { const queue = await startHarness(); await queue.shutdown(); await queue.shutdown(); });`,
  },
  {
    name: "not awaited, or of the runtime's own: no resource that is known",
    code: `import { test } from 'node:test';
import { open } from 'node:fs/promises';
import { widget } from './widget.js';
test('a', async () => { const file = await open('x'); await file.read(); await file.close(); });
test('b', async () => { const dialog = widget(); await dialog.show(); dialog.close(); });
test('c', async () => { const { close } = await widget(); const closed = await close(); assert.ok(closed); });
test('d', async () => { const list = widget(); await list.end(1); });`,
  },
  {
    name: 'what is made is taken apart: ended by a part of it, or with it',
    code: `import { test } from 'node:test';
import { start, startHarness } from './harness.js';
test('a', async () => { const { url, close } = await start(); await fetch(url); await close(); }); //! no-inline-teardown
test('b', async () => { const { url, stop: end } = await start(); await fetch(url); await end({ force: true }); }); //! no-inline-teardown
test('c', async () => { const { app, url } = await start(); await fetch(url); await app.close(); }); //! no-inline-teardown
test('d', async () => { const queue = await startHarness(); await queue.push(1); await queue.stop({ force: true }); }); //! no-inline-teardown`,
  },
  {
    name: 'taken apart, and ended on every path, by nobody known, or as the act',
    code: `import { after, test } from 'node:test';
import { start } from './harness.js';
test('a', async (t) => { const { url, close } = await start(); t.after(close); await fetch(url); await close(); });
test('b', async (t) => { const { url, close } = await start(); t.after(() => close()); await fetch(url); });
test('c', async () => { const { url, close } = await start(); try { await fetch(url); } finally { await close(); } });
test('d', async (t) => { const { server, close } = await start(); t.after(() => server.close()); await fetch(server.url); await close(); });
test('e', async (t) => { const { url, close } = await start(t); await fetch(url); await close(); });
test('f', async () => { const { url, close } = await start(); onEnd(close); await fetch(url); await close(); });
test('g', async () => { const { url, close } = await start(); await fetch(url); await close(); assert.ok(isClosed(url)); });
test('closes twice', async () => { const { url, close } = await start(); await close(); await close(); });
test('h', async () => { const { url, done } = await start(); await fetch(url); await done(); });
test('i', async () => { const { url, close } = await start(); await fetch(url); close(); });
test('j', async () => { const [url, close] = await start(); await fetch(url); await close(); });
test('k', async () => { const { close = none, ...rest } = await start(); await fetch(rest.url); await close(); });
test('l', async () => { const { url, close } = await start(); after(close); await fetch(url); await close(); });`,
  },
  {
    name: 'given away: whoever has it may close it',
    code: `import { test } from 'node:test';
import { startHarness, track } from './harness.js';
const all = [];
test('a', async () => { const harness = await startHarness(); all.push(harness); await harness.request('/'); await harness.close(); });
test('b', async () => { const harness = await startHarness(); state.harness = harness; await harness.request('/'); await harness.close(); });
test('c', async (t) => { const harness = await startHarness(); track(t, harness); await harness.request('/'); await harness.close(); });`,
  },
  {
    name: 'one hook for what several tests leave in a variable',
    code: `import { after, describe, test } from 'node:test';
import { startHarness } from './harness.js';
describe('a', () => {
  let harness;
  after(async () => { await harness?.close(); });
  test('a', async () => { harness = await startHarness(); try { await harness.request('/'); } finally { await harness.close(); } });
  test('b', async () => { harness = await startHarness(); await harness.request('/'); await harness.close(); }); //! no-inline-teardown
  test('c', async () => { harness = await startHarness(); await harness.request('/'); });
});
describe('one', () => {
  let harness;
  after(async () => { await harness?.close(); });
  test('a', async () => { harness = await startHarness(); await harness.request('/'); await harness.close(); });
});`,
  },
  {
    name: 'one hook per test for the same',
    code: `import { afterEach, describe, test } from 'node:test';
import { startHarness } from './harness.js';
describe('a', () => {
  let harness;
  afterEach(async () => { await harness?.close(); });
  test('a', async () => { harness = await startHarness(); await harness.request('/'); await harness.close(); });
  test('b', async () => { harness = await startHarness(); await harness.request('/'); await harness.close(); });
});`,
  },
  {
    name: 'classes and functions of the same file',
    code: `import { after, test } from 'node:test';
class Fixture { pool = makePool(); async close() { await this.pool.end(); } }
function start() { return { request() {}, async close() {} }; }
function startWithHook() { const it = start(); after(() => it.close()); return it; }
test('a', async () => { const fixture = new Fixture(); await fixture.pool.query(''); await fixture.close(); }); //! no-inline-teardown
test('b', async () => { const server = start(); await server.request(); await server.close(); }); //! no-inline-teardown
test('c', async () => { const server = startWithHook(); await server.request(); await server.close(); });
test('d', async (t) => { const fixture = new Fixture(); t.after(() => fixture.close()); await fixture.pool.query(''); });`,
  },
]);
