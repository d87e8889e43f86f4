/** Who goes on with an answer is in its store, and who runs beside is not, however code awaits. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Continuation } from '../../runtime/src/continuation.ts';

const storage = new AsyncLocalStorage<object>();
const continuation = new Continuation(storage);
const isIn = () => storage.getStore() !== undefined;

/** Answers in a turn of its own, as a socket does. */
function ask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      continuation.resume({}, resolve);
    });
  });
}

/** The same, with a callback. */
function askWith(callback: () => void): void {
  setImmediate(() => {
    continuation.resume({}, callback);
  });
}

type Work = () => Promise<boolean>;

/** How functions pass an answer on before they call the code of somebody else. */
const WAYS: Record<string, (work: Work) => Promise<boolean>> = {
  'awaits it': async (work) => {
    await ask();
    return work();
  },
  'awaits a function that awaits it': async (work) => {
    const inner = async () => {
      await ask();
    };
    await inner();
    return work();
  },
  'awaits several functions': async (work) => {
    const first = async () => {
      await ask();
      return 1;
    };
    const second = async () => first();
    const third = async () => {
      await second();
    };
    await third();
    return work();
  },
  'awaits a thenable': async (work) => {
    // As query builders are.
    await { then: (resolve: () => void) => void ask().then(resolve) };
    return work();
  },
  'chains promises': (work) =>
    ask()
      .then(() => 1)
      .then(() => work()),
  'returns the promise': async (work) => {
    await (async () => ask())();
    return work();
  },
  'makes a promise of its own': async (work) => {
    await new Promise<void>((resolve, reject) => {
      ask().then(resolve, reject);
    });
    return work();
  },
  'makes a promise of a callback': async (work) => {
    await new Promise<void>((resolve) => {
      askWith(() => {
        resolve();
      });
    });
    return work();
  },
  'calls back': (work) =>
    new Promise((resolve) => {
      askWith(() => {
        resolve(work());
      });
    }),
  'awaits all of several': async (work) => {
    await Promise.all([ask(), Promise.resolve()]);
    return work();
  },
  'does something finally': async (work) => {
    await ask().finally(() => undefined);
    return work();
  },
  'goes on in the next tick': async (work) => {
    await new Promise<void>((resolve) => {
      void ask().then(() => {
        process.nextTick(resolve);
      });
    });
    return work();
  },
  'goes on in the next turn': async (work) => {
    await new Promise<void>((resolve) => {
      void ask().then(() => setImmediate(resolve));
    });
    return work();
  },
  'iterates over answers': async (work) => {
    const answers = (async function* () {
      await ask();
      yield 1;
    })();
    for await (const _ of answers) return work();
    return false;
  },
};

describe('code that goes on with an answer', () => {
  for (const [way, pass] of Object.entries(WAYS)) {
    test(`${way}: it is in the store, and nobody else`, async () => {
      let sign: () => void = () => undefined;
      const signalled = new Promise<void>((resolve) => (sign = resolve)).then(isIn);
      const beside = async () => {
        await setTimeout(5);
        return isIn();
      };
      const before = beside();
      const inside = pass(async () => {
        const atOnce = isIn();
        sign();
        await setTimeout(10);
        return atOnce && isIn();
      });
      const others = [before, beside(), signalled];
      assert.deepEqual([await inside, ...(await Promise.all(others))], [true, false, false, false]);
    });
  }

  test('is not who awaits a promise that was disregarded', async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve)).then(isIn);
    await ask().then(() => {
      release();
      continuation.disregard();
    });
    assert.equal(await waiting, false);
  });
});
