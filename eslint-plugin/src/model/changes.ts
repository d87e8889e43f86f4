/**
 * Changes of something that outlives the test, as fixtures: acquired where it is written, released by
 * writing back. Knows no kind of state; who writes what is told by the files that recognise the writes.
 */
import type { Lifetime, ResourceKind } from '@savepoint/catalogue';
import { endsItsBody } from './act-under-test.ts';
import {
  bare,
  calledName,
  callsGivenAround,
  isFunction,
  isInside,
  nameOf,
  outerAwaited,
  rootOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Fixture } from './fixtures.ts';
import type { Frame, TestCall } from './frames.ts';
import { groupBy } from './group-by.ts';
import { anchorOf, isSameFrame, readNesting, type Anchor } from './nesting.ts';
import { once } from './once.ts';
import type { Place } from './placement.ts';
import type { Reading } from './reading.ts';
import { within } from './tree.ts';

export type StateKind = Extract<
  ResourceKind,
  | 'environment'
  | 'working-directory'
  | 'dispatcher'
  | 'global'
  | 'override'
  | 'mock'
  | 'mock-timers'
>;

/** One write: `process.env.X = 1`, `process.chdir(…)`, `mock.method(…)`, and what undoes them. */
export interface Write {
  readonly kind: StateKind;
  /** What of the state is written; undefined when any of it may be. */
  readonly keys: readonly string[] | undefined;
  readonly node: Node;
  readonly name: string;
  /**
   * - `change`: gives it another value.
   * - `removal`: takes it away, which is cleaning up where nobody misses it.
   * - `restore`: gives it what it was before.
   */
  readonly role: 'change' | 'removal' | 'restore';
  /** At the top of the file, or in a `before` of it: meant to last until the process ends. */
  readonly isSetUpOfFile: boolean;
  /** Of a removal: something of the file counts on what was there. */
  readonly isMissed?: boolean;
  /** Where what a restore writes was saved. */
  readonly savedAt?: Node | undefined;
}

/** A write, and where it runs. */
interface Step extends Write {
  readonly frame: Frame;
  readonly places: readonly Place[];
}

type Registered = Extract<Place, { is: 'registered' }>;

/** A function that promises to put things back, by its name. */
const RESTORER = /restore|reset|clean|teardown|revert|undo|unmock|env|cwd|chdir|dispatcher/i;

/** A function that promises a surrounding of its own to what it calls back. */
const GUARD = /^with[A-Z]|isolat|sandbox|preserv|restor/;

/** The changes among these writes, each with the release that undoes it. */
export function readChanges(
  writes: readonly Write[],
  { tree, variables, originOf, frames, testCalls, placement, project }: Reading,
  isTestModule: (module: string) => boolean,
): Fixture[] {
  if (writes.length === 0) return [];
  const steps = writes
    .map((write): Step => {
      const places = placement.placesOf(write.node, false);
      return { ...write, frame: frames.frameOf(write.node), places };
    })
    .sort((a, b) => a.node.range[0] - b.node.range[0]);
  const written = new Set(steps.map(({ node }) => node));
  const setAnew = steps.filter(
    ({ role, frame }) => role === 'change' && frame.is === 'hook' && frame.hook === 'beforeEach',
  );
  const undoing = groupBy(
    steps.filter(({ role }) => role !== 'change'),
    ({ frame }) => anchorOf(frame),
  );
  const restores = groupBy(
    steps.flatMap((step) =>
      step.places.flatMap((place) => (place.is === 'registered' ? [{ step, place }] : [])),
    ),
    ({ place }) => anchorOf(place.serves),
  );
  const helperRestores = [...restores.values()]
    .flat()
    .filter(({ place }) => place.serves.is === 'helper');
  const { covers, surroundingsOf } = readNesting(frames);
  const begun = new Map<Anchor, Set<string>>();
  /** The calls that put something back, by their names. */
  const restorers = once(() => tree.callsMatching(RESTORER));
  const teardowns = once(() =>
    testCalls().filter(({ what }) => what.is === 'hook' && what.hook.startsWith('after')),
  );
  const onlyOfFile = once(() => {
    const [only, ...others] = testCalls().filter(
      ({ what, call }) => what.is !== 'hook' && frames.frameOf(call).is === 'file',
    );
    return others.length === 0 ? only?.call : undefined;
  });
  const assignedInTeardown = once(() => new Set(unknownMembersAssignedInTeardown()));
  const entrusted = once((): readonly Frame[] => [
    ...restorers().flatMap((call) =>
      givesContext(call) && isUnknown(call) ? [frames.frameOf(call)] : [],
    ),
    ...teardowns().flatMap((call) => (callsRestorer(call) ? [frames.servedBy(call)] : [])),
  ]);

  /** A change is made in a test, in a hook before it, or in a helper that knows its test. */
  function isChange(step: Step): boolean {
    const { frame, role, isSetUpOfFile, places } = step;
    if (role === 'restore' || places.some(({ is }) => is === 'registered')) return false;
    if (role === 'removal' && (!step.isMissed || endsItsBody(step.node))) return false;
    if (isSetAnew(step) || isSetAnewByHelper(step)) return false;
    switch (frame.is) {
      case 'file':
        return !isSetUpOfFile;
      case 'suite':
        return false;
      case 'test':
        return true;
      case 'hook':
        if (frame.hook.startsWith('after') || role === 'removal') return false;
        return !isSetUpOfFile || !lastsForFile(step, frame);
      case 'helper':
        return (
          frame.fn.params.some((_, index) => frames.takesContext(frame.fn, index)) ||
          isPutBackBehindCallback(step, frame.fn)
        );
    }
  }

  /** In a `before` of the file; a variable, in one of the only suite that the file has, too. */
  function lastsForFile({ kind }: Step, hook: Extract<Frame, { is: 'hook' }>): boolean {
    if (frames.scopeOf(hook) === 'file') return true;
    if (kind !== 'environment' || hook.hook !== 'before') return false;
    const served = frames.servedBy(hook.call);
    return served.is === 'suite' && served.call.call === onlyOfFile();
  }

  /** A `beforeEach` sets it for every test: what one test makes of it, the next one does not meet. */
  function isSetAnew(change: Step): boolean {
    return setAnew.some(
      (step) =>
        step.frame.is === 'hook' &&
        step.kind === change.kind &&
        isSameKey(step, change) &&
        !isSameFrame(step.frame, change.frame) &&
        covers(frames.servedBy(step.frame.call), change.frame),
    );
  }

  /** A helper sets it, which the test calls before its own change, as other tests of the file do. */
  function isSetAnewByHelper(change: Step): boolean {
    const { frame, node, keys } = change;
    if (frame.is !== 'test' || !keys) return false;
    return steps.some((step) => {
      const key = step.keys?.at(-1);
      if (step.role !== 'change' || step.frame.is !== 'helper' || step.kind !== change.kind) {
        return false;
      }
      if (key === undefined || !keys.includes(key)) return false;
      const callers = frames
        .usesOf(step.frame.fn)
        .flatMap((use) => (use.is === 'called' ? [use.call] : []));
      return (
        callers.some((call) => isInside(call, frame.fn) && call.range[1] < node.range[0]) &&
        callers.some((call) => !isInside(call, frame.fn))
      );
    });
  }

  /** `withValue(value, callback)` changes it, calls back and puts it back: a throw skips the last. */
  function isPutBackBehindCallback(change: Step, fn: FunctionNode): boolean {
    const back = restoreInFrameOf(change);
    if (!back || back.places.some(({ is }) => is === 'registered')) return false;
    for (const call of within(tree.calls, fn.body)) {
      const isBetween = call.range[0] > change.node.range[1] && call.range[1] < back.node.range[0];
      if (isBetween && callsParameter(call, fn)) return true;
    }
    return false;
  }

  function callsParameter(call: Call, fn: FunctionNode): boolean {
    const callee = bare(call.callee);
    const variable = callee.type === 'Identifier' ? variables.of(callee) : undefined;
    return variable?.defs[0]?.type === 'Parameter' && variable.defs[0].node === fn;
  }

  /** The last write of a frame that undoes a change of the same frame. */
  function restoreInFrameOf(change: Step): Step | undefined {
    return undoing
      .get(anchorOf(change.frame))
      ?.findLast((step) => step !== change && step.kind === change.kind && isSameKey(step, change));
  }

  function releaseOf(change: Step): { release: Lifetime['release']; node?: Node } {
    const registered = registeredRestore(change);
    if (registered) {
      return {
        release: {
          is: 'registered',
          scope: registered.scope ?? 'test',
          awaited: true,
          beforeDependents: false,
        },
        node: registered.node,
      };
    }
    if (
      isEntrusted(change) ||
      isInsideGuard(change.node) ||
      isPutBackElsewhere(change) ||
      isPutBackByAlias(change)
    )
      return { release: { is: 'unseen' } };
    const inline = restoreInFrameOf(change);
    // A `beforeEach` that begins by putting things back does so for the test before.
    const isOfTestBefore =
      inline !== undefined &&
      inline.node.range[0] < change.node.range[0] &&
      change.frame.is === 'hook' &&
      change.frame.hook === 'beforeEach';
    if (isOfTestBefore) return { release: { is: 'unseen' } };
    return inline
      ? { release: { is: 'inline' }, node: inline.node }
      : { release: { is: 'absent' } };
  }

  /** The first restore on every path of a frame that the change runs in. */
  function registeredRestore(change: Step): Registered | undefined {
    const around = surroundingsOf(change.frame);
    const candidates = [
      ...[...around].flatMap((anchor) => restores.get(anchor) ?? []),
      ...helperRestores.filter(
        ({ place }) => !around.has(anchorOf(place.serves)) && covers(place.serves, change.frame),
      ),
    ];
    return candidates
      .filter(({ step }) => undoes(step, change))
      .sort((one, other) => one.step.node.range[0] - other.step.node.range[0])[0]?.place;
  }

  function undoes(step: Step, change: Step): boolean {
    return (
      step !== change &&
      step.kind === change.kind &&
      isSameKey(step, change) &&
      !isNoOp(step, change)
    );
  }

  /** Putting back what was read after the change puts back the change. */
  function isNoOp({ savedAt }: Step, change: Step): boolean {
    return (
      savedAt !== undefined &&
      isSameFrame(frames.frameOf(savedAt), change.frame) &&
      savedAt.range[0] > change.node.range[1]
    );
  }

  /** By a hook that all tests have, or by what a `using` of another file's making does at its end. */
  function isPutBackElsewhere({ kind, frame, node }: Step): boolean {
    if (project.putsBack(kind)) return true;
    if (frame.is === 'file') return false;
    for (const call of within(tree.calls, frame.fn)) {
      const { parent } = outerAwaited(call);
      const isDisposed = parent?.type === 'VariableDeclarator' && /using$/.test(parent.parent.kind);
      if (!isDisposed || call.range[1] > node.range[0]) continue;
      if (project.mayPutBack(originOf(call.callee), kind)) return true;
    }
    return false;
  }

  /** `const { Client } = t.kept; Client.prototype.connect = original;` in a teardown hook. */
  function isPutBackByAlias({ kind, keys }: Step): boolean {
    if (kind !== 'global' && kind !== 'override') return false;
    const [last] = keys?.at(-1)?.split('.').slice(-1) ?? [];
    return last !== undefined && assignedInTeardown().has(last);
  }

  /** The names of members that a teardown hook assigns, of objects that are not known. */
  function* unknownMembersAssignedInTeardown(): Iterable<string> {
    for (const { call } of teardowns()) {
      for (const { left } of within(tree.assignments, call)) {
        if (left.type !== 'MemberExpression' || variables.isGlobal(rootOf(left))) continue;
        const from = originOf(rootOf(left))?.from ?? 'context';
        const name = from === 'context' ? nameOf(left) : undefined;
        if (name !== undefined) yield name;
      }
    }
  }

  /** Whether a function of another file, by its name, may put the change back. */
  function isEntrusted({ frame }: Step): boolean {
    return entrusted().some((scope) => covers(scope, frame));
  }

  /** In what is given to `withCleanEnv(() => …)` of another file, which may put things back behind it. */
  function isInsideGuard(node: Node): boolean {
    for (const call of callsGivenAround(node)) {
      if (GUARD.test(calledName(call) ?? '') && isUnknown(call)) return true;
    }
    return false;
  }

  function callsRestorer(hook: TestCall): boolean {
    const [given] = hook.call.arguments;
    if (!given) return false;
    if (!hook.callback) return !isFunction(bare(given));
    for (const call of within(restorers(), hook.callback)) if (isUnknown(call)) return true;
    return false;
  }

  function isUnknown(call: Call): boolean {
    if (written.has(call) || frames.calleeOf(call)) return false;
    const origin = originOf(call.callee);
    if (origin?.from !== 'module' || isTestModule(origin.module)) return false;
    // `setEnv(t, { A: '1' })` puts back what it changes itself, and no more.
    return !/^savepoint(?:\/|$)/.test(origin.module);
  }

  function givesContext(call: Call): boolean {
    return call.arguments.some((argument) => originOf(argument)?.from === 'context');
  }

  /** The first write in a frame is the change; what follows there belongs to it. */
  function isFirst(change: Step): boolean {
    const seen = begun.get(anchorOf(change.frame)) ?? new Set();
    begun.set(anchorOf(change.frame), seen);
    const what = `${change.kind} ${change.keys?.join() ?? '*'}`;
    if (seen.has(what)) return false;
    seen.add(what);
    return true;
  }

  return steps
    .filter(isChange)
    .filter(isFirst)
    .flatMap((change): Fixture[] => {
      const acquired =
        frames.scopeOf(change.frame) ?? (change.frame.is === 'helper' ? 'test' : undefined);
      if (acquired === undefined) return [];
      const { release, node } = releaseOf(change);
      return [
        {
          lifetime: { kind: change.kind, acquired, release },
          name: change.name,
          acquiredAt: change.node,
          releasedAt: node,
          frame: change.frame,
          releaseCode: undefined,
          lender: undefined,
          dependent: undefined,
        },
      ];
    });
}

function isSameKey(a: Write, b: Write): boolean {
  return !a.keys || !b.keys || a.keys.some((key) => b.keys?.includes(key));
}
