/** Who is served when: the one connection of a sandbox has one user at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Turns } from '../../../runtime/src/pg/turns.ts';

const nowhere = () => ({ frames: [], place: undefined });

function takeAll(
  turns: Turns<string>,
  owners: readonly string[],
  onRun: (owner: string, index: number) => void,
  work: Promise<unknown> = Promise.resolve(),
) {
  const outcomes: Promise<unknown>[] = [];
  owners.forEach((owner, index) => {
    const { promise, resolve } = settled();
    outcomes.push(promise);
    turns.take({
      owner,
      asked: nowhere,
      refuse: resolve,
      run: (end) => {
        onRun(owner, index);
        void work.then(() => {
          resolve('served');
          end();
        });
      },
    });
  });
  return Promise.all(outcomes);
}

function settled() {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((done) => (resolve = done));
  return { promise, resolve };
}

const impatient = () =>
  new Turns<string>({ millis: 1, onStuck: (holder) => new Error(`waited for ${holder}`) });

test('each turn comes once, one at a time, in order for each owner', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 }),
      fc.constantFrom('a', 'b', undefined),
      async (owners, holder) => {
        const turns = new Turns<string>({ millis: 60_000, onStuck: () => new Error('stuck') });
        if (holder !== undefined) turns.hold(holder);
        const seen: number[] = [];
        // The holder lets go with his last turn; without one, at once.
        const last = holder === undefined ? -1 : owners.lastIndexOf(holder);
        if (holder !== undefined && last === -1) turns.letGo(holder);
        await takeAll(turns, owners, (owner, index) => {
          seen.push(index);
          if (owner === holder && index === last) turns.letGo(owner);
        });
        const holders = seen.filter((index) => index <= last && owners[index] === holder);
        const others = seen.filter((index) => !holders.includes(index));
        assert.deepEqual(
          holders,
          holders.toSorted((one, two) => one - two),
        );
        assert.deepEqual(
          others,
          others.toSorted((one, two) => one - two),
        );
        if (holder !== undefined && last !== -1)
          assert.deepEqual(seen.slice(0, holders.length), holders);
        assert.equal(seen.length, owners.length);
      },
    ),
  );
});

test('who waits for a holder that asks nothing is told so', async () => {
  const turns = impatient();
  turns.hold('holder');
  const [refused] = await takeAll(turns, ['other'], () => assert.fail('must not run'));
  assert.match(String(refused), /waited for holder/);
});

test('who waits for a holder that may be at work is told so much later', async () => {
  const looks: string[] = [];
  const turns = new Turns<string>({
    millis: 1,
    isWorking: (holder) => looks.push(holder) < 5,
    onStuck: () => new Error('stuck'),
  });
  turns.hold('holder');
  assert.match(String((await takeAll(turns, ['other'], () => undefined))[0]), /stuck/);
  assert.deepEqual(looks, Array(5).fill('holder'));
  const atWork = new Turns<string>({
    millis: 1,
    isWorking: () => true,
    onStuck: () => new Error('it takes too long'),
  });
  atWork.hold('holder');
  assert.match(String((await takeAll(atWork, ['other'], () => undefined))[0]), /too long/);
});

test('who certainly waits for himself is told so at once, and the others wait on', async () => {
  const turns = new Turns<string>({ millis: 60_000, onStuck: () => new Error('stuck') });
  turns.hold('holder');
  const { promise: refused, resolve: refuse } = settled();
  const other = takeAll(turns, ['other'], () => undefined);
  turns.take({
    owner: 'itself',
    asked: nowhere,
    refuse,
    run: () => assert.fail('must not run'),
    selfWait: (holder) => new Error(`waits for ${holder}`),
  });
  assert.match(String(await refused), /waits for holder/);
  turns.letGo('holder');
  await takeAll(turns, ['another'], () => undefined);
  assert.deepEqual(await other, ['served']);
});

test('who waits for a holder that is served is not', async () => {
  const turns = impatient();
  turns.hold('holder');
  const { promise: worked, resolve: work } = settled();
  const holder = takeAll(turns, ['holder'], () => undefined, worked);
  const waiting = takeAll(turns, ['other'], () => undefined);
  // Another one's patience, which begins now, ends before this goes on.
  const others = impatient();
  others.hold('holder');
  await takeAll(others, ['other'], () => undefined);
  turns.letGo('holder');
  work(undefined);
  assert.deepEqual(await holder, ['served']);
  assert.deepEqual(await waiting, ['served']);
});
