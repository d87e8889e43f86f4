/** How `use` finds the way to release what it was given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { use } from '../../runtime/src/use.ts';

const METHODS = [Symbol.asyncDispose, Symbol.dispose, 'end', 'close', 'destroy'] as const;

for (const [index, method] of METHODS.entries()) {
  test(`without a release it calls ${String(method)} before what comes after it`, async (t) => {
    const called: PropertyKey[] = [];
    const receivers: unknown[] = [];
    const resource = Object.fromEntries(
      METHODS.slice(index).map((name) => [
        name,
        function (this: unknown) {
          receivers.push(this);
          called.push(name);
        },
      ]),
    );
    await t.test('a test', async (inner) => {
      assert.equal(await use(inner, () => resource), resource);
      assert.deepEqual(called, []);
    });
    assert.deepEqual(called, [method]);
    assert.deepEqual(receivers, [resource]);
  });
}

test('a release that is given comes before all of them', async (t) => {
  const released: unknown[] = [];
  const resource = { close: () => assert.fail('not this one') };
  await t.test('a test', async (inner) => {
    const release = (given: unknown) => released.push(given);
    assert.equal(await use(inner, () => Promise.resolve(resource), release), resource);
  });
  assert.deepEqual(released, [resource]);
});

for (const resource of [{}, 1, undefined, { close: true }]) {
  test(`refuses ${inspect(resource)}, which has no way to be released`, async (t) => {
    await assert.rejects(
      use(t, () => resource),
      /^TypeError: use\(\) found no way to release this resource; pass one/,
    );
  });
}

test('what cannot be acquired is the error of the caller', async (t) => {
  const error = new Error('no server');
  await assert.rejects(
    use(
      t,
      () => Promise.reject(error),
      () => assert.fail('nothing to release'),
    ),
    error,
  );
});
