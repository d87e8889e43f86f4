/**
 * Releases that take time: whether whoever began one also waited for it. Knows no resource.
 */
import { judge } from '../lifetimes/judge.ts';
import type { Ledger } from '../lifetimes/ledger.ts';
import { isAwaited } from './awaited.ts';
import type { Detector } from './detector.ts';
import type { Ambient } from './node-test.ts';

/** A release that was begun. */
interface Begun {
  readonly resource: WeakKey;
  readonly during: Ambient;
  /** What the release answered: a promise, or nothing when it calls back. */
  readonly answer: unknown;
  readonly isDone: () => boolean;
}

/** Takes note of releases and judges them when the hook or test that began them is over. */
export class Releases implements Detector {
  readonly #ledger: Ledger;
  #begun: Begun[] = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  begin(release: Begun): void {
    this.#begun.push(release);
  }

  hookEnded(hook: NonNullable<Ambient['hook']>): void {
    this.#conclude(({ during }) => during.hook === hook, hook.error === null);
  }

  ended(scope: Ambient['scope']): void {
    this.#conclude(({ during }) => during.scope === scope && !during.hook, !scope.failed);
  }

  #conclude(isOver: (release: Begun) => boolean, passed: boolean): void {
    const over = this.#begun.filter(isOver);
    if (!over.length) return;
    this.#begun = this.#begun.filter((release) => !over.includes(release));
    for (const { resource, answer, isDone } of over) {
      const fixture = this.#ledger.of(resource);
      if (!fixture?.release) continue;
      // A hook or test that failed was stopped in its waiting: only one that passed did not wait.
      fixture.release.awaited = !passed || (isAwaited(answer) && isDone());
      judge(fixture, this.#ledger);
    }
  }
}
