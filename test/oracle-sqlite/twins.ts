/**
 * Two databases of one schema: a file that an app has for itself, made anew for each program, and one
 * in a sandbox. Both run a program step by step and must see the same.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Lease } from '../../runtime/src/sqlite/lease.ts';
import { watchHandle } from '../../runtime/src/sqlite/watched-handle.ts';
import { captureTrace } from '../../runtime/src/trace.ts';
import { rowsOf, type AnyHandle, type DriverHere } from '../runtime/sqlite/drivers.ts';
import { scriptedTest } from '../runtime/support/scripted-test.ts';
import { observe, Runner, type Program } from './program.ts';
import { SCHEMA, type Having } from './programs.ts';

/** Where the sandboxed one lies; `watched`: a handle of the app's own. */
export const PLACES = ['file', 'wal', 'memory', 'subtest', 'clone', 'watched'] as const;
export type Place = (typeof PLACES)[number];

/** How a comparison ended. @throws AssertionError where the two saw different things */
export type Verdict =
  | { readonly is: 'agreed' }
  /** A hazard: what comes after cannot be compared. */
  | { readonly is: 'refused'; readonly code: string };

type HandleFor = (t: TestContext) => Promise<AnyHandle>;

/** A driver lets nobody replace what tells of a transaction: on a handle of the app's own it tells of the sandbox's. */
export function havingAt(where: { readonly driver: DriverHere; readonly place: Place }): Having {
  return {
    calls: where.driver.name === 'better-sqlite3',
    functions: where.place !== 'watched',
    bytes: where.place !== 'memory' && where.place !== 'subtest',
  };
}

export class Twins {
  readonly #driver: DriverHere;
  readonly #place: Place;
  readonly #folder = mkdtempSync(join(tmpdir(), 'savepoint-oracle-'));
  readonly #handleFor: HandleFor;
  #atFirst: string | undefined;
  /** Of the test around the program's. */
  #endParent: (() => Promise<unknown>) | undefined;
  #release = (): void => undefined;

  constructor(driver: DriverHere, place: Place) {
    this.#driver = driver;
    this.#place = place;
    this.#handleFor = this.#sandboxed();
    const template = driver.open(this.#path('template'));
    template.exec(SCHEMA);
    template.close();
  }

  end(): void {
    this.#release();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async compare(program: Program): Promise<Verdict> {
    const inner = scriptedTest('a program');
    let hasEnded = false;
    try {
      const sandboxed = await this.#handleFor(inner.t);
      this.#assertClean(sandboxed);
      const verdict = this.#onBoth(sandboxed, program);
      hasEnded = true;
      const ended = await inner.end();
      // A sandbox that was lost fails its test, and nothing else does.
      if (ended !== undefined)
        assert.deepEqual([verdict.is, codeOf(ended)], ['refused', 'no-nested-begin']);
      return verdict;
    } finally {
      if (!hasEnded) await inner.end();
      await this.#endParent?.();
    }
  }

  /** Nothing of the programs before is there. */
  #assertClean(sandboxed: AnyHandle): void {
    const now = JSON.stringify(observe(sandboxed));
    assert.equal(now, (this.#atFirst ??= now), 'the program before left something');
  }

  #onBoth(sandboxed: AnyHandle, program: Program): Verdict {
    copyFileSync(this.#path('template'), this.#path('real'));
    const real = this.#driver.open(this.#path('real'));
    try {
      rowsOf(real, `PRAGMA journal_mode = ${this.#place === 'wal' ? 'WAL' : 'DELETE'}`);
      real.exec('PRAGMA synchronous = OFF');
      // SQLite never takes `last_insert_rowid()` back, and a shared handle has served other programs.
      for (const db of [real, sandboxed]) db.exec('INSERT INTO parent (id, name) VALUES (7, 7)');
      return this.#stepByStep(real, sandboxed, program);
    } finally {
      real.close();
      for (const suffix of ['', '-wal', '-shm', '-journal'])
        rmSync(this.#path(`real${suffix}`), { force: true });
    }
  }

  #stepByStep(real: AnyHandle, sandboxed: AnyHandle, program: Program): Verdict {
    const [truth, here] = [new Runner(real), new Runner(sandboxed)];
    for (const [index, step] of program.entries()) {
      const seen = here.step(step);
      const refused = /"code":"(no-[a-z-]+)"/.exec(JSON.stringify(seen));
      if (refused?.[1]) return { is: 'refused', code: refused[1] };
      const at = `step ${String(index + 1)}`;
      assert.equal(shown(seen), shown(truth.step(step)), at);
      const [is, should] = [sandboxed, real].map((db) => [
        this.#place === 'watched' || this.#driver.inTransaction(db),
        observe(db),
      ]);
      assert.equal(shown(is), shown(should), `after ${at}`);
    }
    return { is: 'agreed' };
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.db`);
  }

  #sandboxed(): HandleFor {
    const driver = this.#driver;
    switch (this.#place) {
      case 'file':
      case 'wal': {
        const db = driver.describe({
          file: this.#path('sandbox'),
          migrate: SCHEMA,
          pragma: {
            journal_mode: this.#place === 'wal' ? 'WAL' : 'DELETE',
            synchronous: 'OFF',
          },
        });
        return (t) => db.rollback(t);
      }
      case 'memory': {
        const db = driver.describe({ migrate: SCHEMA });
        return (t) => db.rollback(t);
      }
      case 'clone': {
        const db = driver.describe({ migrate: SCHEMA });
        return (t) => db.clone(t);
      }
      case 'subtest': {
        const db = driver.describe({ migrate: SCHEMA });
        return async (t) => {
          const parent = scriptedTest('a');
          this.#endParent = () => parent.end();
          await db.rollback(parent.t);
          return db.rollback(Object.assign(t, { fullName: 'a > program' }));
        };
      }
      case 'watched':
        return this.#watched();
    }
  }

  /** What `rollbackEach` does before and after each test. */
  #watched(): HandleFor {
    const handle = this.#driver.open(':memory:');
    handle.exec(SCHEMA);
    const watch = watchHandle(handle, () => this.#driver.raw(handle));
    this.#release = () => {
      try {
        watch.restore();
      } catch (error) {
        // Of the sandbox around all programs, which one of them ended with its own.
        assert.equal(codeOf(error), 'no-nested-begin');
      } finally {
        handle.close();
      }
    };
    return (t) => {
      const lease = new Lease(() => `test "${t.name}"`, captureTrace());
      const use = watch.enter(lease);
      t.after(() => {
        lease.end();
        watch.leave(use);
        use.close();
      });
      return Promise.resolve(handle);
    };
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** The two handles stand in their own results. */
function shown(value: unknown): string {
  return JSON.stringify(
    value,
    (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each),
    1,
  );
}
