/**
 * Judges fixtures when their time has come: what a test took when that test is over, everything else
 * when all tests are. Knows no resource but by its kind.
 */
import { judge } from '../lifetimes/judge.ts';
import type { Fixture, Ledger } from '../lifetimes/ledger.ts';
import type { Detector } from './detector.ts';

/** Judges what nobody released. */
export function watchFixtures(ledger: Ledger): Detector {
  const conclude = (fixture: Fixture) => {
    ledger.forget(fixture);
    if (fixture.isHeld()) judge(fixture, ledger);
  };
  return {
    ended(scope) {
      // A pool or server that a test made may be the one that all tests share: its time comes later.
      ledger
        .heldBy(scope)
        .filter(({ kind }) => kind === 'client')
        .forEach(conclude);
    },
    finished() {
      ledger.open().forEach(conclude);
    },
  };
}
