/**
 * Changes of something that outlives the test, as fixtures: acquired where it is written, released by
 * writing back. Knows no kind of state; who writes what is told by the files that recognise the writes.
 */
import type { Lifetime, ResourceKind } from '@savepoint/catalogue';
import { endsItsBody } from './act-under-test.ts';
import { bare, calledName, isFunction, type Call, type FunctionNode, type Node } from './ast.ts';
import { isSameFrame, type Fixture } from './fixtures.ts';
import type { Frame, Frames, TestCall } from './frames.ts';
import type { OriginOf } from './origins.ts';
import type { Place, Placement } from './placement.ts';
import { within, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

export type StateKind = Extract<
  ResourceKind,
  'environment' | 'working-directory' | 'dispatcher' | 'global' | 'mock' | 'mock-timers'
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

const MAX_DEPTH = 6;

/** A function that promises to put things back, by its name. */
const RESTORER = /restore|reset|clean|teardown|revert|undo|unmock|env|cwd|chdir|dispatcher/i;

/** The changes among these writes, each with the release that undoes it. */
export function readChanges(
  writes: readonly Write[],
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
  placement: Placement,
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
  const hooks = tree.calls.flatMap((node) => {
    const call = frames.testCallOf(node);
    return call?.what.is === 'hook' && call.what.hook.startsWith('after') ? [call] : [];
  });

  /** A change is made in a test, in a hook before it, or in a helper that knows its test. */
  function isChange(step: Step): boolean {
    const { frame, role, isSetUpOfFile, places } = step;
    if (role === 'restore' || places.some(({ is }) => is === 'registered')) return false;
    if (role === 'removal' && (!step.isMissed || endsItsBody(step.node))) return false;
    if (isSetAnew(step)) return false;
    switch (frame.is) {
      case 'file':
        return !isSetUpOfFile;
      case 'suite':
        return false;
      case 'test':
        return true;
      case 'hook':
        if (frame.hook.startsWith('after') || role === 'removal') return false;
        return !isSetUpOfFile || frames.scopeOf(frame) !== 'file';
      case 'helper':
        return (
          frame.fn.params.some((_, index) => frames.takesContext(frame.fn, index)) ||
          isPutBackBehindCallback(step, frame.fn)
        );
    }
  }

  /** A `beforeEach` sets it for every test: what one test makes of it, the next one does not meet. */
  function isSetAnew(change: Step): boolean {
    return steps.some(
      (step) =>
        step.kind === change.kind &&
        step.role === 'change' &&
        step.frame.is === 'hook' &&
        step.frame.hook === 'beforeEach' &&
        isSameKey(step, change) &&
        !isSameFrame(step.frame, change.frame) &&
        covers(frames.servedBy(step.frame.call), change.frame),
    );
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
    return steps.findLast(
      (step) =>
        step !== change &&
        step.role !== 'change' &&
        step.kind === change.kind &&
        isSameKey(step, change) &&
        isSameFrame(step.frame, change.frame),
    );
  }

  function releaseOf(change: Step): { release: Lifetime['release']; node?: Node } {
    const others = steps.filter(
      (step) => step !== change && step.kind === change.kind && isSameKey(step, change),
    );
    const registered = registeredRestore(others, change);
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
    if (isEntrusted(change)) return { release: { is: 'unseen' } };
    const inline = restoreInFrameOf(change);
    return inline
      ? { release: { is: 'inline' }, node: inline.node }
      : { release: { is: 'absent' } };
  }

  function registeredRestore(others: readonly Step[], change: Step): Registered | undefined {
    for (const step of others) {
      const restore = step.places.find(
        (place): place is Registered =>
          place.is === 'registered' && covers(place.serves, change.frame),
      );
      if (restore && !isNoOp(step, change)) return restore;
    }
    return undefined;
  }

  /** Putting back what was read after the change puts back the change. */
  function isNoOp({ savedAt }: Step, change: Step): boolean {
    return (
      savedAt !== undefined &&
      isSameFrame(frames.frameOf(savedAt), change.frame) &&
      savedAt.range[0] > change.node.range[1]
    );
  }

  /** Whether a function of another file, by its name, may put the change back. */
  function isEntrusted({ frame }: Step): boolean {
    return (
      hooks.some((hook) => covers(frames.servedBy(hook), frame) && callsRestorer(hook)) ||
      tree.calls.some((node) => givesContextToRestorer(node) && covers(frames.frameOf(node), frame))
    );
  }

  function callsRestorer(hook: TestCall): boolean {
    const [given] = hook.call.arguments;
    if (!given) return false;
    if (!hook.callback) return !isFunction(bare(given));
    for (const call of within(tree.calls, hook.callback)) if (isUnknownRestorer(call)) return true;
    return false;
  }

  function isUnknownRestorer(call: Call): boolean {
    if (written.has(call) || frames.calleeOf(call)) return false;
    const origin = originOf(call.callee);
    if (origin?.from !== 'module' || isTestModule(origin.module)) return false;
    // `setEnv(t, { A: '1' })` puts back what it changes itself, and no more.
    if (/^savepoint(?:\/|$)/.test(origin.module)) return false;
    return RESTORER.test(calledName(call) ?? '');
  }

  function givesContextToRestorer(call: Call): boolean {
    return (
      isUnknownRestorer(call) &&
      call.arguments.some((argument) => originOf(argument)?.from === 'context')
    );
  }

  /** Whether `frame` runs within `scope`. Helpers may call each other in a circle. */
  function covers(scope: Frame, frame: Frame, depth = 0): boolean {
    if (isSameFrame(scope, frame)) return true;
    if (depth > MAX_DEPTH) return false;
    if (
      scope.is === 'helper' &&
      callersOf(scope.fn).some((caller) => covers(caller, frame, depth + 1))
    ) {
      return true;
    }
    switch (frame.is) {
      case 'file':
        return false;
      case 'helper':
        return callersOf(frame.fn).some((caller) => covers(scope, caller, depth + 1));
      case 'hook':
      case 'suite':
      case 'test':
        return covers(scope, frames.servedBy(frame.call), depth + 1);
    }
  }

  function callersOf(fn: FunctionNode): Frame[] {
    return frames
      .usesOf(fn)
      .flatMap((use) => (use.is === 'called' ? [frames.frameOf(use.call)] : []));
  }

  /** The first write in a frame is the change; what follows there belongs to it. */
  function isFirst(change: Step, index: number, all: readonly Step[]): boolean {
    return !all
      .slice(0, index)
      .some(
        (earlier) =>
          earlier.kind === change.kind &&
          isSameFrame(earlier.frame, change.frame) &&
          earlier.keys?.join() === change.keys?.join(),
      );
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
