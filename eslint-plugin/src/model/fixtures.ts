/** Every resource of the file as a fixture: acquired here, released there, a lifetime to be judged. */
import { isNarrower, type Lifetime, type ResourceKind, type Scope } from '@savepoint/catalogue';
import {
  bare,
  enclosingFunction,
  methodCallOn,
  nameOf,
  outer,
  refugeOf,
  type Call,
  type Node,
} from './ast.ts';
import { CALLED } from './knowledge.ts';
import { isActUnderTest, isSpokenOf, isToldOf } from './act-under-test.ts';
import type { Acquisition } from './acquisitions.ts';
import { readCallbackReleases } from './callback-releases.ts';
import type { Frame } from './frames.ts';
import { groupBy } from './group-by.ts';
import { isClosedBySignal, isNeverUsed, keepsAlive } from './keeps-alive.ts';
import { failureBefore, startBefore } from './late-registrations.ts';
import { isSameFrame, readNesting } from './nesting.ts';
import type { Place } from './placement.ts';
import type { Reading } from './reading.ts';
import { within } from './tree.ts';
import type { Variable } from './variables.ts';

export interface Fixture {
  readonly lifetime: Lifetime;
  /** What a message calls it: the variable, or the expression that makes it. */
  readonly name: string;
  readonly acquiredAt: Node;
  /** The call that releases it, where that is the news. */
  readonly releasedAt: Node | undefined;
  /** The frame it belongs to. */
  readonly frame: Frame;
  /** The code that releases it: `pool.end()`; none where no variable holds it. */
  readonly releaseCode: string | undefined;
  /** What lent it: the name of a client's pool. */
  readonly lender: string | undefined;
  /** What still needs it when it is released. */
  readonly dependent: { readonly name: string; readonly releasedAt: Node } | undefined;
  /** What may fail before its release is registered. */
  readonly failure?: Call | undefined;
  /** Its only release, where that is left to a callback on the way to success. */
  readonly leftTo?: Node | undefined;
}

interface Held {
  readonly acquisition: Acquisition;
  readonly frame: Frame;
  readonly scope: Scope;
  readonly places: readonly Place[];
  readonly custody: 'kept' | 'shared' | 'gone';
  readonly variable: Variable | undefined;
}

type Registered = Extract<Place, { is: 'registered' }>;
type Inline = Extract<Place, { is: 'inline' }>;

/** What tests close in order to see what closing does. */
const OFTEN_TESTED: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'app',
  'server',
  'handle',
  'agent',
  'worker',
  'process',
  'watcher',
  'closable',
]);

/** What talks to a server over connections of its own, or of something it is given. */
const CONNECTS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['pool', 'connection']);

export function readFixtures(reading: Reading): Fixture[] {
  const { tree, acquisitions, releases, frames, variables, originOf } = reading;
  const { calls } = tree;
  const isLeftToCallback = readCallbackReleases(reading);
  const nesting = readNesting(frames);
  const held = calls.flatMap((call) => {
    const acquisition = acquisitions.of(call);
    return acquisition ? hold(acquisition) : [];
  });
  const heldBy = groupBy(held, ({ variable }) => variable);
  const lentBy = groupBy(held, ({ acquisition }) => acquisition.lender);

  function hold(acquisition: Acquisition): Held[] {
    const { holder, node, resource } = acquisition;
    const frame = frames.frameOf(node);
    const scope = frames.scopeOf(frame) ?? (resource.kind === 'client' ? 'test' : undefined);
    if (scope === undefined || resource.releasedBy.length === 0) return [];
    if (resource.kind !== 'client' && refugeOf(node)) return [];
    // A callback at the top of the file: when it runs, and in which process, is not to be seen.
    if (frame.is === 'file' && enclosingFunction(node)) return [];
    const base = { acquisition, frame, scope, variable: undefined };
    switch (holder.is) {
      case 'variable': {
        const fate = releases.fateOf(holder.variable, resource);
        return isHandedOut(frame, fate.custody, holder.variable)
          ? []
          : [{ ...base, ...fate, variable: holder.variable }];
      }
      case 'scope': {
        const place: Place = {
          is: 'registered',
          node,
          serves: frame,
          scope,
          awaited: true,
          hook: undefined,
        };
        return [{ ...base, places: [place], custody: 'kept' }];
      }
      case 'nobody':
        return [{ ...base, places: [], custody: 'kept' }];
      case 'returned':
        return [];
      case 'others':
        return [{ ...base, places: [], custody: 'gone' }];
    }
  }

  /** A helper that answers what it made: its callers have the fixture, and are seen to. */
  function isHandedOut(frame: Frame, custody: Held['custody'], variable: Variable): boolean {
    return (
      frame.is === 'helper' &&
      !frame.fn.params.some((_, index) => frames.takesContext(frame.fn, index)) &&
      custody === 'gone' &&
      variable.references.some(({ identifier }) => identifier.parent.type === 'ReturnStatement')
    );
  }

  function fixturesOf(one: Held): Fixture[] {
    const narrower = one.places.flatMap((place) => narrowerRelease(one, place));
    const main = mainRelease(one, narrower.length > 0);
    return [...(main ? [fixture(one, main)] : []), ...narrower.map((each) => fixture(one, each))];
  }

  interface Judged {
    readonly release: Lifetime['release'];
    readonly node: Node | undefined;
    readonly dependent?: Fixture['dependent'];
    readonly failure?: Fixture['failure'];
    readonly leftTo?: Fixture['leftTo'];
  }

  /** A release in a scope that ends earlier, of something no narrower scope makes anew. */
  function narrowerRelease(one: Held, place: Place): Judged[] {
    if (place.is === 'unseen') return [];
    const scope = place.is === 'registered' ? place.scope : scopeOfBody(place);
    if (!scope || !isNarrower(scope, one.scope)) return [];
    if (siblings(one).some((other) => !isNarrower(scope, other.scope))) return [];
    if (!isUsedAfter(one, place) || isOpenedAnew(one, place)) return [];
    return [
      {
        release: { is: 'registered', scope, awaited: true, beforeDependents: false },
        node: place.node,
      },
    ];
  }

  function siblings({ acquisition, variable }: Held): Held[] {
    const all = (variable && heldBy.get(variable)) ?? [];
    return all.filter((other) => other.acquisition !== acquisition);
  }

  function scopeOfBody({ frame }: Inline): Scope | undefined {
    return frame.is === 'test' ? frames.scopeOf(frame) : undefined;
  }

  /** Whether anything uses it behind the scope that ends it; each test uses what `afterEach` ends. */
  function isUsedAfter({ variable }: Held, place: Exclude<Place, { is: 'unseen' }>): boolean {
    const isEach =
      place.is === 'registered' &&
      place.hook?.what.is === 'hook' &&
      place.hook.what.hook === 'afterEach';
    if (isEach) return true;
    const frame = place.is === 'registered' ? place.serves : place.frame;
    const end = frame.is === 'suite' || frame.is === 'test' ? frame.call.call.range[1] : undefined;
    return (
      end !== undefined &&
      variable !== undefined &&
      variable.references.some(({ identifier }) => identifier.range[0] > end)
    );
  }

  /** A server that the same scope tells to listen: closed, it can listen once more. */
  function isOpenedAnew(
    { acquisition, variable }: Held,
    place: Exclude<Place, { is: 'unseen' }>,
  ): boolean {
    const { kind, openedBy } = acquisition.resource;
    if (kind !== 'server' || !variable) return false;
    const ended = place.is === 'registered' ? place.serves : place.frame;
    return variables.references(variable).some(({ identifier }) => {
      if (!openedBy.includes(methodCallOn(identifier)?.name ?? '')) return false;
      const frame = frames.frameOf(identifier);
      return isSameFrame(frame, ended) || (frame.is === 'hook' && frame.hook === 'beforeEach');
    });
  }

  function mainRelease(one: Held, hasNarrower: boolean): Judged | undefined {
    const registered = one.places.filter(
      (place): place is Registered =>
        place.is === 'registered' &&
        !(place.scope && isNarrower(place.scope, one.scope)) &&
        reaches(one, place),
    );
    const [first] = registered;
    if (first) return registeredRelease(one, registered, first);
    if (hasNarrower) return undefined;
    const inline = one.places.find(
      (place): place is Inline => place.is === 'inline' && isSameBody(place, one),
    );
    const isLost = one.places.some((place) => place.is === 'unseen') || one.custody === 'gone';
    if (inline && !isLost) {
      return isSkippable(one, inline)
        ? { release: { is: 'inline' }, node: inline.node }
        : { release: { is: 'unseen' }, node: undefined };
    }
    const isNeverReleased =
      one.custody === 'kept' &&
      one.places.length === 0 &&
      keepsAlive(one.acquisition, variables) &&
      !endsItself(one) &&
      !endsWithAnother(one);
    if (isNeverReleased) return { release: { is: 'absent' }, node: undefined };
    return { release: { is: 'unseen' }, node: undefined, leftTo: releaseLeftToCallback(one) };
  }

  function releaseLeftToCallback(one: Held): Node | undefined {
    const [place, ...others] = one.places;
    if (place?.is !== 'unseen' || others.length > 0 || one.custody === 'gone') return undefined;
    const { node } = place;
    const isIt =
      isSameFrame(frames.frameOf(node), one.frame) &&
      isLeftToCallback(node, one.acquisition, one.frame) &&
      keepsAlive(one.acquisition, variables);
    return isIt ? node : undefined;
  }

  /** `createServer(function () { this.close(); })`. */
  function endsItself({ acquisition: { node, resource } }: Held): boolean {
    for (const { callee } of within(tree.callsNamed(...resource.releasedBy), node)) {
      const method = bare(callee);
      if (method.type === 'MemberExpression' && method.object.type === 'ThisExpression')
        return true;
    }
    return false;
  }

  /** `new Kysely({ dialect: new PostgresDialect({ pool }) })`: whoever ends the pool ends both. */
  function endsWithAnother({ acquisition: { node, resource } }: Held): boolean {
    return CONNECTS.has(resource.kind) && node.arguments.some(connectsThere);
  }

  function connectsThere(given: Node): boolean {
    for (const identifier of variables.referringIn(given)) {
      if (outer(identifier).parent?.type === 'MemberExpression') continue;
      const { kind } = acquisitions.resourceOf(identifier) ?? {};
      if (kind !== undefined && CONNECTS.has(kind)) return true;
      const constant = variables.constantOf(identifier);
      if (constant && constant.range[0] < given.range[0] && connectsThere(constant)) return true;
    }
    return false;
  }

  /** Not a release of another test's own, nor one that only the last of several tests is left to. */
  function reaches(one: Held, { serves, scope }: Registered): boolean {
    if (one.frame.is !== 'test') return true;
    if (serves.is === 'test') return nesting.covers(serves, one.frame);
    const isWider = scope !== undefined && isNarrower(one.scope, scope);
    return !isWider || siblings(one).every(({ frame }) => isSameFrame(frame, one.frame));
  }

  function registeredRelease(one: Held, all: readonly Registered[], first: Registered): Judged {
    const unawaited = all.every(({ awaited }) => !awaited) ? first : undefined;
    const dependent = dependentOf(one, first);
    const failure = all.length === 1 ? failureBeforeRegistration(one, first) : undefined;
    return {
      release: {
        is: 'registered',
        scope: first.scope ?? one.scope,
        awaited: !unawaited,
        beforeDependents: dependent !== undefined,
        late: failure !== undefined,
      },
      node: (unawaited ?? first).node,
      failure,
      ...(dependent && { dependent }),
    };
  }

  /** A database handle that is left behind holds nothing up. */
  function failureBeforeRegistration(
    { acquisition, variable }: Held,
    { hook }: Registered,
  ): Call | undefined {
    if (!hook || !variable || acquisition.resource.kind === 'handle') return undefined;
    const failure = failureBefore(hook.call, acquisition, variable, calls, variables);
    return failure && keepsAlive(acquisition, variables)
      ? failure
      : startBefore(hook.call, acquisition, variable, variables, originOf);
  }

  /** A client of this pool whose release is registered after the pool's, in the same list of hooks. */
  function dependentOf(one: Held, release: Registered): Fixture['dependent'] {
    const { hook } = release;
    if (!hook || !one.variable) return undefined;
    for (const other of lentBy.get(one.variable) ?? []) {
      // What its lender closes with itself, like the page of a browser, is not in its way.
      if (isClosable(other)) continue;
      for (const place of other.places) {
        if (place.is !== 'registered' || !place.hook || place.node === release.node) continue;
        const sameList =
          place.hook.what.is === 'hook' &&
          hook.what.is === 'hook' &&
          place.hook.what.hook === hook.what.hook &&
          isSameFrame(place.serves, release.serves);
        if (sameList && place.node.range[0] > release.node.range[0]) {
          return { name: nameOfFixture(other), releasedAt: place.node };
        }
      }
    }
    return undefined;
  }

  function isSameBody(place: Inline, { frame, acquisition }: Held): boolean {
    return isSameFrame(place.frame, frame) && place.at.range[0] > acquisition.node.range[1];
  }

  /** Whether a throw can come in between, and the release is the end of it rather than the act under test. */
  function isSkippable(one: Held, place: Inline): boolean {
    const { acquisition, frame } = one;
    const { kind, ofProject } = acquisition.resource;
    const isAct =
      kind === 'closable' || ofProject
        ? isActUnderTest(place, frame) || isSpokenOf(place.node, frame)
        : OFTEN_TESTED.has(kind) && (isActUnderTest(place, frame) || isToldOf(place.node, frame));
    if (isAct || isClosedBySignal(acquisition, variables) || isNeverUsed(acquisition, variables)) {
      return false;
    }
    return runsBetween(one, place.at.range[0]);
  }

  function runsBetween(one: Held, end: number): boolean {
    const { node } = one.acquisition;
    const fn = enclosingFunction(node);
    if (!fn) return false;
    let toldUntil = node.range[1];
    for (const call of within(calls, fn.body)) {
      if (call.range[0] < toldUntil || call.range[1] > end) continue;
      if (!isTold(one, call)) return true;
      toldUntil = call.range[1];
    }
    return false;
  }

  /** `app.get('/', …)`: an app notes down what it will do once it is started, or closed. */
  function isTold({ acquisition, variable }: Held, call: Call): boolean {
    const callee = bare(call.callee);
    if (acquisition.resource.kind !== 'app' || callee.type !== 'MemberExpression') return false;
    return (
      variable !== undefined &&
      outer(call).parent?.type !== 'AwaitExpression' &&
      !/^(?:ready|listen|inject|start|initialize)$/.test(nameOf(callee) ?? '') &&
      variables.of(bare(callee.object)) === variable
    );
  }

  return held.flatMap(fixturesOf);

  function fixture(one: Held, { release, node, dependent, failure, leftTo }: Judged): Fixture {
    const { acquisition, scope, frame } = one;
    return {
      lifetime: { kind: acquisition.resource.kind, acquired: scope, release },
      name: nameOfFixture(one),
      acquiredAt: acquisition.node,
      releasedAt: node,
      frame,
      releaseCode: releaseCodeOf(one),
      lender: acquisition.lender?.name,
      dependent,
      failure,
      leftTo,
    };
  }
}

function isClosable({ acquisition }: Held): boolean {
  return acquisition.resource.kind === 'closable';
}

function releaseCodeOf({ variable, acquisition }: Held): string | undefined {
  const { releasedBy, kind, asynchronous } = acquisition.resource;
  const [method] = releasedBy;
  if (!variable || method === undefined) return undefined;
  if (method === CALLED) return `${variable.name}()`;
  return kind === 'server' && !asynchronous
    ? `new Promise((resolve) => ${variable.name}.${method}(resolve))`
    : `${variable.name}.${method}()`;
}

function nameOfFixture({ variable, acquisition }: Held): string {
  const isPart = acquisition.resource.releasedBy.includes(CALLED);
  return variable && !isPart ? variable.name : calleeText(acquisition.node);
}

function calleeText(call: Call): string {
  const callee = bare(call.callee);
  const path: string[] = [];
  let at: Node = callee;
  while (at.type === 'MemberExpression') {
    path.unshift(nameOf(at) ?? '…');
    at = bare(at.object);
  }
  if (at.type === 'Identifier') path.unshift(at.name);
  return `${call.type === 'NewExpression' ? 'new ' : ''}${path.join('.')}()`;
}
