/** Places: never more than there are, in the order of asking, whoever gives up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Places, type Place } from '../../../runtime/src/pg/places.ts';

const GONE = () => new Error('gone');

describe('places', () => {
  test('are had at once while there are any', () => {
    const places = new Places(2);
    assert.equal(places.take().ready, undefined);
    assert.equal(places.take().ready, undefined);
    assert.ok(places.take().ready);
  });

  test('a wait that is given up rejects, and takes no place', async () => {
    const places = new Places(1);
    const holder = places.take();
    const [quits, stays] = [places.take(), places.take()];
    const waited = assert.rejects(quits.ready ?? Promise.resolve(), { message: 'gone' });
    quits.leave(GONE);
    await waited;
    holder.leave(GONE);
    assert.equal(stays.ready, undefined);
  });

  test('a lower limit holds once enough have left', () => {
    const places = new Places(3);
    const taken = [places.take(), places.take(), places.take()];
    places.limitTo(1);
    const next = places.take();
    for (const place of taken) {
      assert.ok(next.ready);
      place.leave(GONE);
    }
    assert.equal(next.ready, undefined);
  });

  test('however they are taken and left', () => {
    const step = fc.oneof(fc.constant('take' as const), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step), (limit, steps) => {
        const places = new Places(limit);
        const open: Place[] = [];
        for (const next of steps) {
          if (next === 'take') open.push(places.take());
          else open.splice(next, 1).forEach((place) => place.leave(GONE));
          const had = open.map(({ ready }) => ready === undefined);
          // Those that have one came first, and nobody waits beside a free place.
          assert.equal(had.indexOf(false), had.length > limit ? limit : -1);
          assert.equal(had.filter(Boolean).length, Math.min(limit, had.length));
        }
      }),
    );
  });
});
