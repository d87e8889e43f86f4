/**
 * What tests change for the whole process, as fixtures: `process.env`, the working directory and
 * undici's global dispatcher. A change is acquired where it is written and released by writing back.
 */
import type { Lifetime, ResourceKind } from '@savepoint/catalogue';
import { bare, isCall, isFunction, nameOf, type Call, type Node } from './ast.ts';
import { isSameFrame, type Fixture } from './fixtures.ts';
import type { Frame, Frames, TestCall } from './frames.ts';
import { isExport, type OriginOf } from './origins.ts';
import type { Place, Placement } from './placement.ts';
import { within, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

type StateKind = Extract<ResourceKind, 'environment' | 'working-directory' | 'dispatcher'>;

/** One write: `process.env.X = 1`, `process.chdir(…)`, `setGlobalDispatcher(…)`. */
interface Write {
  readonly kind: StateKind;
  /** The variables written; undefined when any may be. */
  readonly keys: readonly string[] | undefined;
  readonly node: Node;
  readonly value: Node | undefined;
  readonly frame: Frame;
  readonly places: readonly Place[];
}

type Registered = Extract<Place, { is: 'registered' }>;

/** A function that promises to put things back, by its name. */
const RESTORER = /restore|reset|clean|teardown|revert|undo|unmock|env|cwd|chdir|dispatcher/i;

export function readProcessState(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
  placement: Placement,
  isTestModule: (module: string) => boolean,
): Fixture[] {
  const writes = [...tree.calls, ...tree.assignments, ...tree.deletions]
    .flatMap(writeOf)
    .sort((a, b) => a.node.range[0] - b.node.range[0]);
  if (writes.length === 0) return [];
  const hooks = tree.calls.flatMap((node) => {
    const call = frames.testCallOf(node);
    return call?.what.is === 'hook' && call.what.hook.startsWith('after') ? [call] : [];
  });

  function writeOf(node: Node): Write[] {
    const what = whatIsWritten(node);
    if (!what) return [];
    const places = placement.placesOf(node, false);
    return [{ ...what, node, frame: frames.frameOf(node), places }];
  }

  function whatIsWritten(node: Node): Pick<Write, 'kind' | 'keys' | 'value'> | undefined {
    if (node.type === 'AssignmentExpression') {
      if (['??=', '||=', '&&='].includes(node.operator)) return undefined;
      const keys = variableKeys(node.left);
      return keys && { kind: 'environment', keys: keys.names, value: node.right };
    }
    if (node.type === 'UnaryExpression' && node.operator === 'delete') {
      const keys = variableKeys(node.argument);
      return keys && { kind: 'environment', keys: keys.names, value: undefined };
    }
    return isCall(node) ? whatIsCalled(node) : undefined;
  }

  function whatIsCalled(call: Call): Pick<Write, 'kind' | 'keys' | 'value'> | undefined {
    const origin = originOf(call.callee);
    const [first, second] = call.arguments;
    if (!origin) return undefined;
    if (isExport(origin, 'process', 'chdir')) {
      return { kind: 'working-directory', keys: undefined, value: first };
    }
    if (isExport(origin, 'undici', 'setGlobalDispatcher')) {
      return { kind: 'dispatcher', keys: undefined, value: first };
    }
    const isAssign = origin.from === 'global' && origin.path.join('.') === 'Object.assign';
    return isAssign && first && isEnvironment(first)
      ? { kind: 'environment', keys: literalKeys(second), value: second }
      : undefined;
  }

  /** The variables an expression names: `process.env.X` one, `process.env` and `process.env[key]` any. */
  function variableKeys(target: Node): { names: readonly string[] | undefined } | undefined {
    const member = bare(target);
    if (member.type !== 'MemberExpression') return undefined;
    if (isEnvironment(member)) return { names: undefined };
    if (!isEnvironment(member.object)) return undefined;
    const name = nameOf(member);
    return { names: name === undefined ? undefined : [name] };
  }

  function isEnvironment(node: Node): boolean {
    return isExport(originOf(node), 'process', 'env');
  }

  function calledName(call: Call): string {
    const callee = bare(call.callee);
    if (callee.type === 'Identifier') return callee.name;
    return (callee.type === 'MemberExpression' && nameOf(callee)) || '';
  }

  /** A change is made in a test, in a hook before it, or in a helper that knows its test. */
  function isChange(write: Write): boolean {
    const { kind, frame, value, places, node } = write;
    if (places.some(({ is }) => is === 'registered')) return false;
    if (value && isPutBack(write)) return false;
    switch (frame.is) {
      case 'file':
        return kind === 'dispatcher' && isMock(value);
      case 'suite':
        return false;
      case 'test':
        return node.parent?.type !== 'CatchClause';
      case 'hook':
        if (frame.hook.startsWith('after')) return false;
        if (kind !== 'dispatcher' && value === undefined) return false;
        return kind === 'dispatcher' || frames.scopeOf(frame) !== 'file';
      case 'helper':
        return frame.fn.params.some((_, index) => frames.takesContext(frame.fn, index));
    }
  }

  /** At the top of a file, an agent is configuration of the process; a mock is a test's. */
  function isMock(value: Node | undefined): boolean {
    if (!value) return false;
    const node = bare(value);
    const made = node.type === 'Identifier' ? onlyValue(node) : node;
    return made?.type === 'NewExpression' && isExport(originOf(made.callee), 'undici', 'MockAgent');
  }

  function onlyValue(node: Node): Node | undefined {
    const variable = variables.of(node);
    const given = variable ? variables.values(variable) : undefined;
    const [value] = given ?? [];
    return given?.length === 1 && value?.path.length === 0 ? bare(value.expression) : undefined;
  }

  function releaseOf(change: Write): { release: Lifetime['release']; node?: Node } {
    const registered = writes.flatMap((write) =>
      write.kind === change.kind && isSameKey(write, change) && !isNoOp(write, change)
        ? write.places.filter(
            (place): place is Registered =>
              place.is === 'registered' && covers(place.serves, change.frame),
          )
        : [],
    );
    const [first] = registered;
    if (first) {
      return {
        release: {
          is: 'registered',
          scope: first.scope ?? 'test',
          awaited: true,
          beforeDependents: false,
        },
        node: first.node,
      };
    }
    if (isEntrusted(change)) return { release: { is: 'unseen' } };
    const inline = writes.findLast(
      (write) =>
        write !== change &&
        write.kind === change.kind &&
        isSameKey(write, change) &&
        isSameFrame(write.frame, change.frame) &&
        isPutBack(write),
    );
    return inline
      ? { release: { is: 'inline' }, node: inline.node }
      : { release: { is: 'absent' } };
  }

  /** Deleted, or given what was saved. */
  function isPutBack({ kind, value }: Write): boolean {
    if (!value) return true;
    const node = bare(value);
    if (node.type !== 'Identifier') return false;
    const saved = onlyValue(node);
    if (!saved) return false;
    if (kind === 'environment') return readsEnvironment(saved);
    const origin = isCall(saved) ? originOf(saved.callee) : undefined;
    return isExport(origin, 'process', 'cwd') || isExport(origin, 'undici', 'getGlobalDispatcher');
  }

  function readsEnvironment(node: Node): boolean {
    for (const member of within(tree.members, node)) if (isEnvironment(member)) return true;
    return false;
  }

  /** Putting back what was read after the change puts back the change. */
  function isNoOp(write: Write, change: Write): boolean {
    const node = write.value && bare(write.value);
    const variable = node && variables.of(node);
    const saved = node && onlyValue(node);
    return (
      variable !== undefined &&
      isCall(saved) &&
      isExport(originOf(saved.callee), 'undici', 'getGlobalDispatcher') &&
      isSameFrame(frames.frameOf(saved), change.frame) &&
      saved.range[0] > change.node.range[1]
    );
  }

  /** Whether a function of another file, by its name, may put the change back. */
  function isEntrusted({ frame }: Write): boolean {
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
    if (frames.calleeOf(call)) return false;
    const origin = originOf(call.callee);
    if (origin?.from !== 'module' || isTestModule(origin.module)) return false;
    return RESTORER.test(calledName(call)) && whatIsCalled(call) === undefined;
  }

  function givesContextToRestorer(call: Call): boolean {
    return (
      isUnknownRestorer(call) &&
      call.arguments.some((argument) => originOf(argument)?.from === 'context')
    );
  }

  /** Whether `frame` runs within `scope`. */
  function covers(scope: Frame, frame: Frame): boolean {
    if (isSameFrame(scope, frame)) return true;
    if (scope.is === 'helper') {
      return frames
        .usesOf(scope.fn)
        .some((use) => use.is === 'called' && covers(frames.frameOf(use.call), frame));
    }
    switch (frame.is) {
      case 'file':
        return false;
      case 'helper':
        return frames
          .usesOf(frame.fn)
          .some((use) => use.is === 'called' && covers(scope, frames.frameOf(use.call)));
      case 'hook':
        return covers(scope, frames.servedBy(frame.call));
      case 'suite':
      case 'test':
        return covers(scope, frames.servedBy(frame.call));
    }
  }

  /** The first write of a variable in a frame is the change; what follows there belongs to it. */
  function isFirst(change: Write, index: number, all: readonly Write[]): boolean {
    return !all
      .slice(0, index)
      .some(
        (earlier) =>
          earlier.kind === change.kind &&
          isSameFrame(earlier.frame, change.frame) &&
          earlier.keys?.join() === change.keys?.join(),
      );
  }

  return writes
    .filter(isChange)
    .filter(isFirst)
    .flatMap((change): Fixture[] => {
      const acquired = frames.scopeOf(change.frame);
      if (acquired === undefined) return [];
      const { release, node } = releaseOf(change);
      return [
        {
          lifetime: { kind: change.kind, acquired, release },
          name: nameOfWrite(change),
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

function literalKeys(node: Node | undefined): readonly string[] | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  const names = node.properties.map((property) =>
    property.type === 'Property' ? nameOf(property) : undefined,
  );
  return names.every((name) => name !== undefined) ? names : undefined;
}

function nameOfWrite({ kind, keys }: Write): string {
  if (kind !== 'environment') return kind;
  return keys?.length === 1 ? `process.env.${keys[0] ?? ''}` : 'process.env';
}
