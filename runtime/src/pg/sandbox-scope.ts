/**
 * The sandboxes of one test, suite or file, on whatever databases: opened when something is asked in
 * it, inside those of the nearest scope around it that has any, closed when it is over. Knows neither
 * who asks nor what.
 */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { onSuiteOver, testOfSignal, type TestResource } from '../ambient-test.ts';
import { around, contextOf, fullNameOf, isTest } from '../running-tests.ts';
import { sayTest } from '../test-family.ts';
import { scopeOf } from '../test-scope.ts';
import { throwAll } from '../throw-all.ts';
import type { Trace } from '../trace.ts';
import { Places, type Place } from './places.ts';
import { endedWaiting, otherUser } from './refusals.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { differInUser, places, type Source } from './sources.ts';

interface ScopeOwner {
  /** As messages call it: `test "x"`. */
  readonly owner: string;
  readonly timedOut: () => boolean;
  /** The scopes around it in which something was asked, the nearest first. */
  readonly around: () => readonly SandboxScope[];
}

export class SandboxScope {
  readonly owner: string;
  readonly #of: ScopeOwner;
  readonly #sandboxes = new Map<Source, Sandbox>();
  /** What stands in for the app's pools, by whoever put it there; empty once it is closed. */
  readonly pools = new Map<object, pg.Pool>();
  /**
   * The place for what nests in it. One at a time: on one connection, what one of them rolls back
   * would take the others' rows with it.
   */
  readonly #turns = new Places(1);
  /** Those that have or wait for a turn. */
  readonly #inner = new Set<SandboxScope>();
  #outer: SandboxScope | undefined;
  #place: Place | undefined;
  #entering: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(of: ScopeOwner) {
    this.owner = of.owner;
    this.#of = of;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get timedOut(): boolean {
    return this.#of.timedOut();
  }

  /**
   * Waits until it may open sandboxes: for a turn in the scope around it, or for one of the places of
   * the process. What it waits for is held by scopes that need nothing more to come to their end.
   * @returns undefined when it may at once
   */
  enter(): Promise<void> | undefined {
    if (this.closed) return Promise.reject(endedWaiting(this.owner));
    if (this.#place) return this.#entering;
    const outer = this.#of.around().find((scope) => scope.#place && !scope.closed);
    this.#outer = outer;
    if (outer) outer.#inner.add(this);
    this.#place = (outer ? outer.#turns : places).take();
    const { ready } = this.#place;
    const outerEntering = outer && outer.#entering;
    if (!ready && !outerEntering) return undefined;
    this.#entering = Promise.all([outerEntering, ready]).then(() => {
      this.#entering = undefined;
    });
    this.#entering.catch(() => undefined);
    return this.#entering;
  }

  /**
   * The sandbox on a database, once it was entered.
   * @param opened where sandboxes were asked for
   * @throws SetupError `ERR_SAVEPOINT_OTHER_USER` when it has one there as another user
   */
  sandboxOn(source: Source, opened: Trace): Sandbox {
    const known = this.#sandboxes.get(source);
    if (known) return known;
    let outer: Sandbox | undefined;
    for (const scope of this.#andAround()) {
      for (const open of scope.#sandboxes.keys())
        if (differInUser(open, source)) throw otherUser(this.owner, open, source);
      outer ??= scope.#sandboxes.get(source);
    }
    const options = { owner: this.owner, opened, timedOut: this.#of.timedOut };
    const sandbox = outer ? outer.nest(options) : openSandbox({ ...options, ...source });
    this.#sandboxes.set(source, sandbox);
    return sandbox;
  }

  /** Whether others are to find what it holds: something written, or a client that is out. */
  async isNeeded(): Promise<boolean> {
    if (this.#inner.size > 0) return true;
    const needed = await Promise.all([...this.#sandboxes.values()].map((each) => each.isNeeded()));
    return needed.includes(true);
  }

  /** It and those it is in, the nearest first. */
  *#andAround(): Iterable<SandboxScope> {
    yield this;
    if (this.#outer) yield* this.#outer.#andAround();
  }

  /**
   * Rolls everything back and lets the next one in.
   * @throws what the sandboxes throw when they are closed
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const errors: unknown[] = [];
    const parts = [...[...this.#inner].reverse(), ...[...this.#sandboxes.values()].reverse()];
    for (const part of parts) {
      try {
        await part.close();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#place?.leave(() => endedWaiting(this.owner));
    if (this.#outer) this.#outer.#inner.delete(this);
    // Node keeps every test of a file; what its sandboxes held must not stay with it.
    this.#sandboxes.clear();
    this.pools.clear();
    throwAll(errors);
  }
}

const scopes = new WeakMap<AbortSignal, SandboxScope>();

/** The scope of a running test, closed when the test ends. @param t its context */
export function sandboxScopeOfTest(t: TestContext): SandboxScope {
  const known = scopes.get(t.signal);
  if (known) return known;
  const test = scopeOf(t);
  const scope = new SandboxScope({
    owner: sayTest(test.name),
    timedOut: () => test.timedOut,
    around: () => scopesAround(testOfSignal(t.signal)),
  });
  scopes.set(t.signal, scope);
  test.defer(() => {
    const dropsErrors = test.stopped;
    const closing = scope.close();
    if (dropsErrors) closing.catch(reportLate);
    return closing;
  });
  return scope;
}

/** The scope of a test, suite or file that runs, as Node knows it. */
export function sandboxScopeOf(test: TestResource): SandboxScope {
  const context = isTest(test) ? contextOf(test) : undefined;
  return context ? sandboxScopeOfTest(context) : (knownScopeOf(test) ?? seedScopeOf(test));
}

/** The scope of a test, suite or file in which something was asked. */
export function knownScopeOf(test: TestResource): SandboxScope | undefined {
  return scopes.get(test.signal);
}

/** What `before` hooks do: every test in the suite sees it. */
function seedScopeOf(suite: TestResource): SandboxScope {
  const isFile = suite.parent === null;
  const scope = new SandboxScope({
    owner: isFile ? 'the hooks of this file' : `suite "${fullNameOf(suite)}"`,
    timedOut: () => false,
    around: () => scopesAround(suite),
  });
  scopeFor(suite, scope);
  return scope;
}

/** Makes a scope that of a suite or file: what it holds the tests in there find, until that is over. */
export function scopeFor(suite: TestResource, scope: SandboxScope): void {
  scopes.set(suite.signal, scope);
  const file = suite.parent === null && contextOf(suite);
  if (file) {
    // Node runs `after` hooks first in, first out, but also those that a hook adds, last.
    file.after(() => {
      file.after(() => scope.close());
    });
  } else {
    onSuiteOver(suite, () => void scope.close().catch(reportLate));
  }
}

function scopesAround(test: TestResource | undefined): readonly SandboxScope[] {
  if (!test) return [];
  return around(test).flatMap((outer) => knownScopeOf(outer) ?? []);
}

function reportLate(error: unknown): void {
  process.emitWarning(error as Error);
}
