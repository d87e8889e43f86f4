/**
 * Asks the catalogue what is wrong with a fixture of the run. Every decision is a predicate of the
 * catalogue; here the facts of the run become its vocabulary, and its answer a `HazardError`.
 */
import {
  hazardsOf,
  isPerTest,
  type HazardId,
  type Lifetime,
  type Release,
  type ResourceKind,
  type Scope,
} from '@savepoint/catalogue';
import { HazardError, type HazardFacts } from '../hazard-error.ts';
import { nounOf, type Fixture, type Ledger } from './ledger.ts';
import { identify, isWithin, sayScope, type RunScope } from './run-scope.ts';

/** The catalogue's view of a fixture that was released, or whose scope is over. */
export function lifetimeOf(fixture: Fixture, ledger: Ledger): Lifetime {
  const acquired = scopeLivedIn(fixture, ledger);
  return { kind: fixture.kind, acquired, release: releaseOf(fixture, acquired) };
}

/** Reports every hazard of a fixture: makes its errors, which publishes them. */
export function judge(fixture: Fixture, ledger: Ledger): HazardError[] {
  const lifetime = lifetimeOf(fixture, ledger);
  const inAnyCase = hazardsOf({ ...lifetime, release: flawlessIn(lifetime.acquired) });
  return hazardsOf(lifetime).map((code) =>
    report(code, fixture.owner, factsOf(fixture, inAnyCase.includes(code))),
  );
}

/** Reports one hazard of a scope, with the values that every message may name. */
export function report(code: HazardId, scope: RunScope, facts: HazardFacts): HazardError {
  return new HazardError(code, {
    ...facts,
    values: { test: sayScope(scope), ...facts.values },
    test: identify(scope),
  });
}

/** @param inAnyCase whether no release, however good, would have made it right */
function factsOf(fixture: Fixture, inAnyCase: boolean): HazardFacts {
  const { kind, owner, acquired, release } = fixture;
  const facts = { acquired, values: { noun: nounOf(kind), ...fixture.values() } };
  if (inAnyCase) return facts;
  if (release) return { ...facts, used: release.at };
  return { ...facts, expected: `by the end of ${sayScope(owner)}` };
}

/** What one test may make and all others use; a client is out for whoever took it. */
const SHARED_KINDS: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'pool',
  'connection',
  'handle',
  'server',
  'app',
  'agent',
]);

/**
 * The scope that a fixture lived in. A test that happens to make the one pool that all tests then
 * share did not make it for itself: it did when it also released it, when its own code calls the
 * constructor, or when the next test makes another on the same line.
 */
function scopeLivedIn(fixture: Fixture, ledger: Ledger): Scope {
  const { kind, owner, release } = fixture;
  if (!isPerTest(owner.scope) || !SHARED_KINDS.has(kind)) return owner.scope;
  const own =
    (release !== undefined && isWithin(release.by, owner)) ||
    isMadeByTestItself(fixture) ||
    ledger.ownersOfLine(fixture) > 1;
  return own ? owner.scope : 'file';
}

/** node:test calls the function of a test, and its hooks, as methods of the context. */
function isMadeByTestItself({ acquired }: Fixture): boolean {
  return /^at (async )?TestContext\./.test(acquired.frames[0] ?? '');
}

function releaseOf({ release, owner }: Fixture, acquired: Scope): Release {
  // What a passing test leaves open has no release; a failing one threw before it could come to it.
  if (!release) return { is: owner.failed ? 'inline' : 'absent' };
  const { awaited, beforeDependents } = release;
  // Ended too early is wrong for whoever comes later; whoever does is reported where it comes.
  return { ...flawlessIn(acquired), awaited, beforeDependents };
}

function flawlessIn(scope: Scope): Release & { readonly is: 'registered' } {
  return { is: 'registered', scope, awaited: true, beforeDependents: false };
}
