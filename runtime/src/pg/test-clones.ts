/**
 * A clone for each test that asks: its pool while the test runs, what the test left when it ends, and
 * the clone's end. Knows neither how clones are made nor who asks.
 */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { HazardError } from '../hazard-error.ts';
import { sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { throwAll } from '../throw-all.ts';
import type { Trace } from '../trace.ts';
import { endedMeanwhile } from '../use.ts';
import { APPLICATION_NAME } from './application-name.ts';
import { ClonePool } from './clone-pool.ts';
import { Clones, type Clone } from './clones.ts';
import { saySession, sessionsIn } from './database-sessions.ts';
import type { Template } from './template.ts';
import { describeTarget, targetOf } from './test-database.ts';

export interface TestClonesOptions {
  /** How many connections the pool of a clone may have. */
  readonly max: number;
  /** How many tests of this process may have one at the same time. */
  readonly atOnce: number;
  /** Whether the clones of tests that fail are kept. */
  readonly keepFailed: boolean;
}

export class TestClones {
  readonly #template: Template;
  readonly #clones: Clones;
  readonly #options: TestClonesOptions;

  constructor(template: Template, options: TestClonesOptions) {
    this.#template = template;
    this.#clones = new Clones(template);
    this.#options = options;
  }

  get atOnce(): number {
    return this.#options.atOnce;
  }

  /**
   * A pool on a clone that is this test's alone, until the test ends.
   * @param opened where it was asked for
   */
  async poolFor(t: TestContext, test: TestScope, opened: Trace): Promise<pg.Pool> {
    const clone = await this.#clones.take();
    if (test.ended) {
      this.#clones.drop(clone);
      throw endedMeanwhile(test);
    }
    const owner = sayTest(test.name);
    const pool = new ClonePool(
      { owner, opened, timedOut: () => test.timedOut },
      {
        connectionString: clone.connectionString,
        fallback_application_name: APPLICATION_NAME,
        max: this.#options.max,
      },
    );
    test.defer(async () => {
      const errors: unknown[] = [];
      await pool.close().catch((error: unknown) => errors.push(error));
      const failed = test.failure !== undefined || test.timedOut;
      if (failed && this.#options.keepFailed) await this.#keep(t, owner, clone);
      else errors.push(...(await this.#drop(clone, owner, opened, pool.pids)));
      throwAll(errors);
    });
    return pool;
  }

  /** Drops what is left. */
  close(): Promise<void> {
    return this.#clones.close();
  }

  async #keep(t: TestContext, owner: string, clone: Clone): Promise<void> {
    await this.#clones.keep(clone, owner);
    const target = targetOf({ connectionString: clone.connectionString });
    t.diagnostic(`the database of ${owner} is kept: postgres://${describeTarget(target)}`);
  }

  /** @returns what the test left in the clone */
  async #drop(
    clone: Clone,
    owner: string,
    opened: Trace,
    ours: readonly number[],
  ): Promise<HazardError[]> {
    // Sessions of a pooler tell nothing of who uses them.
    if (this.#template.owner.isPooled) {
      this.#clones.drop(clone);
      return [];
    }
    const sessions = await sessionsIn(this.#template.owner, clone.name);
    const others = sessions.filter(({ pid }) => !ours.includes(pid));
    if (others.length === 0) {
      this.#clones.drop(clone);
      return [];
    }
    // A connection that is ended from outside can end this process.
    this.#clones.dropLater(clone);
    return [
      new HazardError('require-pool-end', {
        happened: `${owner} ended, and connections to its clone are still open: ${others.map(saySession).join(', ')}.`,
        acquired: opened,
        expected: `before ${owner} ends`,
      }),
    ];
  }
}
