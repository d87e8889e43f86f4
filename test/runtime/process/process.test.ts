import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { chdir, setEnv, tempDir } from '../../../runtime/src/process/index.ts';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { passScripted, runScripted, scriptedTest } from '../support/scripted-test.ts';

const line = (error: HazardError, side: 'acquired' | 'used'): string =>
  basename(error[side]?.place?.file ?? 'nowhere');

/** A hazard of this id whose two places are lines of this file. */
function isHazardHere(code: string, ...said: RegExp[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof HazardError, String(error));
    assert.equal(error.code, code);
    for (const text of said) assert.match(error.message, text);
    assert.equal(line(error, 'acquired'), 'process.test.ts');
    assert.equal(line(error, 'used'), 'process.test.ts');
    return true;
  };
}

test('setEnv puts every variable back exactly', async (t) => {
  const absent = undefined;
  const cases = [
    { name: 'SAVEPOINT_A', before: absent, during: 'x' },
    { name: 'SAVEPOINT_B', before: 'old', during: 'new' },
    { name: 'SAVEPOINT_C', before: 'old', during: absent },
    { name: 'SAVEPOINT_D', before: absent, during: absent },
    { name: 'SAVEPOINT_E', before: '', during: 'x' },
    { name: 'SAVEPOINT_F', before: 'undefined', during: '' },
  ];
  for (const { name, before, during } of cases) {
    await t.test(`${name}: ${String(before)} → ${String(during)}`, async (inner) => {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      inner.after(() => delete process.env[name]);
      if (before !== undefined) process.env[name] = before;
      const failure = await runScripted('inner', (inner) => {
        setEnv(inner, { [name]: during });
        assert.equal(process.env[name], during);
        assert.equal(name in process.env, during !== undefined);
        Object.assign(process.env, { [name]: 'changed again by the code under test' });
      });
      assert.equal(failure, undefined);
      assert.equal(process.env[name], before);
      assert.equal(name in process.env, before !== undefined);
    });
  }
});

test('setEnv twice in one test, and in its subtest, unwinds to the first value', async (t) => {
  t.after(() => delete process.env.SAVEPOINT_NEST);
  process.env.SAVEPOINT_NEST = 'start';
  const outer = scriptedTest('outer');
  setEnv(outer.t, { SAVEPOINT_NEST: 'one' });
  setEnv(outer.t, { SAVEPOINT_NEST: 'two' });
  const inner = scriptedTest('outer > inner');
  setEnv(inner.t, { SAVEPOINT_NEST: 'three' });
  assert.equal(await inner.end(), undefined);
  assert.equal(process.env.SAVEPOINT_NEST, 'two');
  assert.equal(await outer.end(), undefined);
  assert.equal(process.env.SAVEPOINT_NEST, 'start');
});

test('setEnv refuses a value that is no string, without saying it, and changes nothing', async () => {
  await passScripted('inner', (t) => {
    const vars = { SAVEPOINT_OK: 'x', SAVEPOINT_PORT: 8123 as unknown as string };
    assert.throws(
      () => {
        setEnv(t, vars);
      },
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_SAVEPOINT_ENV_VALUE');
        assert.match(error.message, /SAVEPOINT_PORT is a number/);
        assert.doesNotMatch(error.message, /8123/);
        return true;
      },
    );
    assert.equal('SAVEPOINT_OK' in process.env, false);
  });
});

test('two tests at once cannot change one variable; the second is refused and changes nothing', async () => {
  const first = scriptedTest('first');
  const second = scriptedTest('second');
  setEnv(first.t, { SAVEPOINT_SHARED: 'first', SAVEPOINT_OWN: 'first' });
  assert.throws(
    () => {
      setEnv(second.t, { SAVEPOINT_OTHER: 'second', SAVEPOINT_SHARED: 'second' });
    },
    isHazardHere(
      'no-unrestored-process-state',
      /"second"/,
      /"first"/,
      /process\.env\.SAVEPOINT_SHARED/,
    ),
  );
  assert.equal('SAVEPOINT_OTHER' in process.env, false);
  assert.equal(process.env.SAVEPOINT_SHARED, 'first');
  setEnv(second.t, { SAVEPOINT_OTHER: 'second' });
  assert.equal(await first.end(), undefined);
  setEnv(second.t, { SAVEPOINT_SHARED: 'second' });
  assert.equal(await second.end(), undefined);
  assert.equal('SAVEPOINT_SHARED' in process.env, false);
});

test('a test whose subtest still has the variable changed says so, and the first value comes back', async (t) => {
  t.after(() => delete process.env.SAVEPOINT_ORDER);
  process.env.SAVEPOINT_ORDER = 'start';
  const outer = scriptedTest('outer');
  const inner = scriptedTest('outer > never awaited');
  setEnv(outer.t, { SAVEPOINT_ORDER: 'outer' });
  setEnv(inner.t, { SAVEPOINT_ORDER: 'inner' });
  isHazardHere(
    'no-unrestored-process-state',
    /"outer"/,
    /"outer > never awaited"/,
  )(await outer.end());
  assert.equal(process.env.SAVEPOINT_ORDER, 'start');
  assert.equal(await inner.end(), undefined);
  assert.equal(process.env.SAVEPOINT_ORDER, 'start');
});

test('a test that ended without its hooks does not keep the next one out', async (t) => {
  t.after(() => delete process.env.SAVEPOINT_SKIP);
  process.env.SAVEPOINT_SKIP = 'start';
  const skipped = scriptedTest('skipped at run time');
  setEnv(skipped.t, { SAVEPOINT_SKIP: 'left behind' });
  skipped.skip();
  const next = scriptedTest('next');
  setEnv(next.t, { SAVEPOINT_SKIP: 'next' });
  assert.equal(await next.end(), undefined);
  assert.equal(process.env.SAVEPOINT_SKIP, 'start');
});

test('a timed-out test puts its variables back when its hooks run', async () => {
  const slow = scriptedTest('slow');
  setEnv(slow.t, { SAVEPOINT_SLOW: 'x' });
  assert.equal(await slow.timeOut(), undefined);
  assert.equal('SAVEPOINT_SLOW' in process.env, false);
});

test('after its test ended, each of them is refused by name', async () => {
  const over = scriptedTest('over');
  setEnv(over.t, {});
  await over.end();
  const calls = [
    () => {
      setEnv(over.t, { SAVEPOINT_LATE: 'x' });
    },
    () => {
      chdir(over.t, '/');
    },
    () => tempDir(over.t),
  ];
  for (const call of calls) assert.throws(call, isHazardHere('no-late-activity', /"over"/));
  assert.equal('SAVEPOINT_LATE' in process.env, false);
});

test('chdir goes into a directory and comes back', async () => {
  const start = process.cwd();
  const failure = await runScripted('inner', (t) => {
    const directory = tempDir(t);
    chdir(t, directory);
    assert.equal(process.cwd(), directory);
    mkdirSync('deeper');
    chdir(t, 'deeper');
    assert.equal(process.cwd(), join(directory, 'deeper'));
    const other = scriptedTest('other');
    assert.throws(
      () => {
        chdir(other.t, start);
      },
      isHazardHere('no-unrestored-process-state', /the working directory/, /"other"/),
    );
  });
  assert.equal(failure, undefined);
  assert.equal(process.cwd(), start);
});

test('chdir to where nothing is fails as Node does and holds nothing', async () => {
  const start = process.cwd();
  await passScripted('inner', (t) => {
    assert.throws(
      () => {
        chdir(t, join(tempDir(t), 'absent'));
      },
      { code: 'ENOENT' },
    );
  });
  assert.equal(process.cwd(), start);
});

test('chdir in a worker thread says what to do', async () => {
  const chdirModule = new URL('../../../runtime/dist/process/chdir.js', import.meta.url).href;
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const t = { fullName: 'in a worker', signal: new AbortController().signal, after() {} };
     import(${JSON.stringify(chdirModule)}).then(({ chdir }) => chdir(t, '/')).catch(({ code, message }) => parentPort.postMessage({ code, message }));`,
    { eval: true },
  );
  const [answer] = (await once(worker, 'message')) as [{ code: string; message: string }];
  await worker.terminate();
  assert.equal(answer.code, 'ERR_SAVEPOINT_CHDIR_IN_WORKER');
  assert.match(answer.message, /worker thread/);
});

test('tempDir is empty, real, of its own, and gone afterwards', async () => {
  const made: string[] = [];
  const failure = await runScripted('inner', (t) => {
    made.push(tempDir(t), tempDir(t), tempDir(t, 'mine-'), tempDir(t, ''), tempDir(t, '..'));
    for (const directory of made) {
      assert.equal(dirname(directory), realpathSync(tmpdir()));
      assert.deepEqual(readdirSync(directory), []);
      mkdirSync(join(directory, 'sub'));
      writeFileSync(join(directory, 'sub', 'file'), 'x');
    }
    assert.match(basename(made[2] ?? ''), /^mine-/);
  });
  assert.equal(failure, undefined);
  assert.equal(new Set(made).size, made.length);
  assert.deepEqual(
    made.filter((directory) => existsSync(directory)),
    [],
  );
});

test('tempDir takes no path for a prefix', async () => {
  await passScripted('inner', (t) => {
    for (const prefix of ['../up-', 'a/b', '/abs']) {
      assert.throws(() => tempDir(t, prefix), { code: 'ERR_SAVEPOINT_TEMP_DIR_PREFIX' });
    }
  });
});

test('without the context of a test, a TypeError says what to pass', () => {
  const notATest = {} as never;
  for (const call of [
    () => {
      setEnv(notATest, {});
    },
    () => {
      chdir(notATest, '/');
    },
    () => tempDir(notATest),
  ]) {
    assert.throws(call, { name: 'TypeError', message: /context of a test/ });
  }
});
