/** Facts of a run in the catalogue's words: what is recorded, and what is concluded from it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HazardId, ResourceKind, Scope } from '@savepoint/catalogue';
import { judge, lifetimeOf } from '../../../runtime/src/lifetimes/judge.ts';
import { Ledger, type Fixture, type ReleaseSeen } from '../../../runtime/src/lifetimes/ledger.ts';
import type { RunScope } from '../../../runtime/src/lifetimes/run-scope.ts';
import { traceOf } from '../../../runtime/src/trace.ts';

const file: RunScope = scopeCalled('/app/a.test.js', 'file', undefined);
const suite = scopeCalled('tags', 'suite', file);

function scopeCalled(
  name: string,
  scope: Scope,
  outer: RunScope | undefined,
  failed = false,
): RunScope {
  return { name, scope, outer, file: '/app/a.test.js', ended: true, failed };
}

/** A line that a test's own function calls, or a helper of it. */
const ownLine = (line: number) =>
  traceOf(`Error\n    at TestContext.<anonymous> (/app/a.test.js:${String(line)}:1)`);
const helperLine = (line: number) =>
  traceOf(`Error\n    at openPool (/app/a.test.js:${String(line)}:1)`);

interface Story {
  readonly kind: ResourceKind;
  readonly owner: RunScope;
  readonly acquired?: ReturnType<typeof ownLine>;
  readonly releasedBy?: RunScope;
  readonly release?: Partial<ReleaseSeen>;
  /** Another scope that acquires on the same line. */
  readonly again?: RunScope;
}

function tell({
  kind,
  owner,
  acquired = helperLine(1),
  releasedBy,
  release,
  again,
}: Story): [Fixture, Ledger] {
  const ledger = new Ledger();
  const resource = {};
  const values = () => ({ connections: 1, clients: 1, changed: 'X', dispatcher: 'a MockAgent' });
  const fixture = ledger.acquire({ kind, resource, owner, acquired, values });
  if (again) ledger.acquire({ kind, resource: {}, owner: again, acquired, values });
  if (releasedBy) Object.assign(ledger.release(resource, releasedBy, ownLine(9)) ?? {}, release);
  return [fixture, ledger];
}

const passed = scopeCalled('passes', 'test', file);
const failed = scopeCalled('fails', 'test', file, true);
const sub = scopeCalled('passes > sub', 'subtest', passed);

const STORIES: readonly (readonly [what: string, story: Story, hazards: readonly HazardId[]])[] = [
  [
    'a client that a passing test keeps',
    { kind: 'client', owner: passed },
    ['require-client-release'],
  ],
  [
    'a client that a failing test keeps',
    { kind: 'client', owner: failed },
    ['require-client-release'],
  ],
  ['a client that a test releases', { kind: 'client', owner: passed, releasedBy: passed }, []],
  [
    'a server that a failing test leaves open',
    { kind: 'server', owner: failed },
    ['no-inline-teardown'],
  ],
  ['a pool of the file that nobody ends', { kind: 'pool', owner: file }, ['require-pool-end']],
  ['a pool of the file that the file ends', { kind: 'pool', owner: file, releasedBy: file }, []],
  ['a pool of a suite that the suite ends', { kind: 'pool', owner: suite, releasedBy: suite }, []],
  [
    'a pool that a test makes and ends',
    { kind: 'pool', owner: passed, releasedBy: passed },
    ['no-per-test-pool'],
  ],
  [
    'a pool that a test makes and its subtest ends',
    { kind: 'pool', owner: passed, releasedBy: sub },
    ['no-per-test-pool'],
  ],
  [
    'a pool that a test happens to make and the file ends',
    { kind: 'pool', owner: passed, releasedBy: file },
    [],
  ],
  [
    'a pool that a test happens to make and nobody ends',
    { kind: 'pool', owner: passed },
    ['require-pool-end'],
  ],
  [
    'a pool that each test makes and nobody ends',
    { kind: 'pool', owner: passed, again: failed },
    ['no-per-test-pool', 'require-pool-end'],
  ],
  [
    "a pool that a test's own code makes, ended by the file",
    { kind: 'pool', owner: passed, acquired: ownLine(1), releasedBy: file },
    ['no-per-test-pool'],
  ],
  [
    'a pool of the file that a test ends, and nobody misses',
    { kind: 'pool', owner: file, releasedBy: passed },
    [],
  ],
  [
    'a release that nobody waits for',
    { kind: 'connection', owner: passed, releasedBy: passed, release: { awaited: false } },
    ['require-awaited-teardown'],
  ],
  [
    'a release before that of a dependent',
    { kind: 'pool', owner: file, releasedBy: file, release: { beforeDependents: true } },
    ['no-fragile-teardown'],
  ],
  [
    'a variable that a test leaves changed',
    { kind: 'environment', owner: passed },
    ['no-unrestored-process-state'],
  ],
  [
    'a dispatcher that a test leaves replaced',
    { kind: 'dispatcher', owner: passed },
    ['no-unrestored-dispatcher'],
  ],
];

for (const [what, story, hazards] of STORIES) {
  test(`${what}: ${hazards.join(' and ') || 'nothing'}`, () => {
    const [fixture, ledger] = tell(story);
    const errors = judge(fixture, ledger);
    assert.deepEqual(
      errors.map(({ code }) => code),
      hazards,
    );
    for (const error of errors) assert.deepEqual(error.acquired, fixture.acquired);
  });
}

test('the line of the release is shown where the release is to blame, and only there', () => {
  const release = { awaited: false };
  const [fixture, ledger] = tell({ kind: 'pool', owner: passed, releasedBy: passed, release });
  const used = Object.fromEntries(
    judge(fixture, ledger).map(({ code, used: at }) => [code, at?.place?.line]),
  );
  assert.deepEqual(used, { 'no-per-test-pool': undefined, 'require-awaited-teardown': 9 });
});

test('the first release counts', () => {
  const [fixture, ledger] = tell({ kind: 'pool', owner: file, releasedBy: file });
  assert.equal(ledger.release(fixture.resource, passed, ownLine(10)), undefined);
  assert.equal(fixture.release?.by, file);
});

test('a resource that is lent again is another fixture', () => {
  const [first, ledger] = tell({ kind: 'client', owner: passed, releasedBy: passed });
  const second = ledger.acquire({ ...first, owner: failed });
  assert.equal(ledger.of(first.resource), second);
  assert.deepEqual(ledger.heldBy(failed), [second]);
  assert.deepEqual(ledger.open('client'), [second]);
  assert.deepEqual(lifetimeOf(second, ledger), {
    kind: 'client',
    acquired: 'test',
    release: { is: 'inline' },
  });
});
