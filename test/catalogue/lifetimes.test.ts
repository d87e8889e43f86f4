/** Which lifetimes are faults: each hazard as a table, then every lifetime there is against rules written anew. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  RESOURCE_KINDS,
  SCOPES,
  hazardsOf,
  isNarrower,
  isPerTest,
  type HazardId,
  type Lifetime,
  type Release,
  type ResourceKind,
  type Scope,
} from '../../packages/catalogue/src/index.ts';

const KINDS = Object.keys(RESOURCE_KINDS) as ResourceKind[];
const unseen: Release = { is: 'unseen' };
const absent: Release = { is: 'absent' };
const inline: Release = { is: 'inline' };
const registered = (scope: Scope, { awaited = true, beforeDependents = false } = {}): Release => ({
  is: 'registered',
  scope,
  awaited,
  beforeDependents,
});

const TABLE: readonly [
  kind: ResourceKind,
  acquired: Scope,
  release: Release,
  hazards: HazardId[],
][] = [
  ['pool', 'file', registered('file'), []],
  ['pool', 'file', unseen, []],
  ['pool', 'file', absent, ['require-pool-end']],
  ['pool', 'process', registered('file'), ['no-use-after-end']],
  ['pool', 'file', registered('test'), ['no-use-after-end']],
  ['pool', 'suite', registered('suite', { awaited: false }), ['require-awaited-teardown']],
  ['pool', 'file', registered('file', { beforeDependents: true }), ['no-fragile-teardown']],
  ['pool', 'test', registered('test'), ['no-per-test-pool']],
  ['pool', 'test', inline, ['no-inline-teardown', 'no-per-test-pool']],
  ['pool', 'subtest', absent, ['no-per-test-pool', 'require-pool-end']],
  ['client', 'test', registered('test'), []],
  ['client', 'test', inline, ['require-client-release']],
  ['client', 'test', absent, ['require-client-release']],
  ['client', 'suite', registered('test'), ['no-use-after-end']],
  ['connection', 'test', absent, ['require-pool-end']],
  ['connection', 'test', inline, ['no-inline-teardown']],
  ['handle', 'test', absent, []],
  ['handle', 'test', inline, ['no-inline-teardown']],
  ['handle', 'file', registered('test'), ['no-use-after-end']],
  ['server', 'test', inline, ['no-inline-teardown']],
  ['server', 'file', absent, ['no-unclosed-server']],
  ['agent', 'test', absent, ['no-unclosed-server']],
  ['server', 'suite', registered('test'), ['no-use-after-end']],
  ['app', 'test', registered('test', { awaited: false }), ['require-awaited-teardown']],
  ['agent', 'test', inline, ['no-inline-teardown']],
  ['dispatcher', 'test', absent, ['no-unrestored-dispatcher']],
  ['dispatcher', 'test', inline, ['no-unrestored-dispatcher']],
  ['dispatcher', 'file', registered('test'), []],
  ['environment', 'test', absent, ['no-unrestored-process-state']],
  ['environment', 'test', inline, ['no-unrestored-process-state']],
  ['environment', 'suite', registered('test'), []],
  ['working-directory', 'suite', absent, ['no-unrestored-process-state']],
  ['working-directory', 'test', registered('test'), []],
  ['override', 'test', absent, ['no-unreset-override']],
  ['override', 'test', registered('test'), []],
  ['mock', 'test', absent, ['no-global-mock']],
  ['mock', 'test', inline, ['no-global-mock']],
  ['mock', 'suite', registered('test'), []],
  ['mock-timers', 'suite', absent, ['no-global-mock']],
];

function said(release: Release): string {
  if (release.is !== 'registered') return release.is;
  const { scope, awaited, beforeDependents } = release;
  return `registered in ${scope}${awaited ? '' : ', not awaited'}${beforeDependents ? ', before dependents' : ''}`;
}

for (const [kind, acquired, release, hazards] of TABLE) {
  test(`${kind} of a ${acquired}, release ${said(release)}: ${hazards.join(', ') || 'no hazard'}`, () => {
    assert.deepEqual(hazardsOf({ kind, acquired, release }), hazards);
  });
}

test('what may be left behind before its release is registered is late', () => {
  const release = {
    is: 'registered',
    scope: 'test',
    awaited: true,
    beforeDependents: false,
  } as const;
  const server = { kind: 'server', acquired: 'test' } as const;
  assert.deepEqual(hazardsOf({ ...server, release: { ...release, late: true } }), [
    'no-late-registration',
  ]);
  assert.deepEqual(hazardsOf({ ...server, release: { ...release, late: false } }), []);
});

test('whatever is used after its scope ended is late', () => {
  const fine = { kind: 'pool', acquired: 'file', release: registered('file') } as const;
  assert.deepEqual(hazardsOf({ ...fine, usedAfterEnd: true }), ['no-late-activity']);
  assert.deepEqual(hazardsOf({ ...fine, usedAfterEnd: false }), []);
});

// ---- every lifetime there is

const RELEASES: readonly Release[] = [
  unseen,
  absent,
  inline,
  ...SCOPES.flatMap((scope) =>
    [true, false].flatMap((awaited) =>
      [true, false].map((beforeDependents) => registered(scope, { awaited, beforeDependents })),
    ),
  ),
];

const LIFETIMES: readonly Lifetime[] = KINDS.flatMap((kind) =>
  SCOPES.flatMap((acquired) =>
    RELEASES.flatMap((release) =>
      [true, false].map((usedAfterEnd) => ({ kind, acquired, release, usedAfterEnd })),
    ),
  ),
);

const WIDTH: Record<Scope, number> = { run: 6, process: 5, file: 4, suite: 3, test: 2, subtest: 1 };

/** What each fault of a lifetime is called, by kind: the rules of the entries, said once more and in another way. */
function expected({ kind, acquired, release, usedAfterEnd }: Lifetime): Set<HazardId> {
  const hazards = new Set<HazardId>();
  if (usedAfterEnd) hazards.add('no-late-activity');
  if (kind === 'pool' && WIDTH[acquired] <= WIDTH.test) hazards.add('no-per-test-pool');
  switch (release.is) {
    case 'unseen':
      break;
    case 'absent': {
      const name = neverReleased(kind);
      if (name) hazards.add(name);
      break;
    }
    case 'inline':
      hazards.add(releasedInline(kind));
      break;
    case 'registered':
      if (!release.awaited) hazards.add('require-awaited-teardown');
      if (release.beforeDependents) hazards.add('no-fragile-teardown');
      if (WIDTH[release.scope] < WIDTH[acquired] && !isState(kind)) hazards.add('no-use-after-end');
  }
  return hazards;
}

const STATE: readonly ResourceKind[] = [
  'environment',
  'working-directory',
  'dispatcher',
  'global',
  'override',
  'mock',
  'mock-timers',
];
const isState = (kind: ResourceKind) => STATE.includes(kind);

function neverReleased(kind: ResourceKind): HazardId | undefined {
  switch (kind) {
    case 'pool':
    case 'connection':
      return 'require-pool-end';
    case 'client':
      return 'require-client-release';
    case 'dispatcher':
      return 'no-unrestored-dispatcher';
    case 'environment':
    case 'working-directory':
      return 'no-unrestored-process-state';
    case 'global':
      return 'no-unrestored-global';
    case 'override':
      return 'no-unreset-override';
    case 'mock':
    case 'mock-timers':
      return 'no-global-mock';
    case 'server':
    case 'app':
    case 'agent':
      return 'no-unclosed-server';
    case 'handle':
    case 'worker':
    case 'process':
    case 'watcher':
    case 'browser':
    case 'container':
    case 'closable':
      return undefined;
  }
}

function releasedInline(kind: ResourceKind): HazardId {
  if (isState(kind) || kind === 'client') return neverReleased(kind) as HazardId;
  return 'no-inline-teardown';
}

describe(`all ${LIFETIMES.length} lifetimes`, () => {
  for (const kind of KINDS) {
    test(`of kind ${kind} show the hazards they should, in catalogue order`, () => {
      for (const lifetime of LIFETIMES.filter((each) => each.kind === kind)) {
        const seen = hazardsOf(lifetime);
        assert.deepEqual(new Set(seen), expected(lifetime), JSON.stringify(lifetime));
        assert.equal(new Set(seen).size, seen.length);
      }
    });
  }
});

// ---- scopes

test('scopes nest: each is narrower than all before it and than none after', () => {
  for (const [at, scope] of SCOPES.entries()) {
    for (const [otherAt, other] of SCOPES.entries()) {
      assert.equal(isNarrower(scope, other), at > otherAt, `${scope} in ${other}`);
    }
    assert.equal(isPerTest(scope), scope === 'test' || scope === 'subtest');
  }
});
