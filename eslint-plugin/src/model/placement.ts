/**
 * When does a release run: on every path of a scope (a hook, `finally`), in line with the code that
 * an earlier throw skips, or where this file cannot tell? And does anybody wait for it?
 */
import type { Scope } from '@savepoint/catalogue';
import {
  enclosingFunction,
  isCall,
  methodCallOn,
  nameOf,
  bare,
  outer,
  refugeOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Frame, Frames, TestCall } from './frames.ts';
import { isExport, type OriginOf } from './origins.ts';
import { isDisposableStack, type Variables } from './variables.ts';

export type Place =
  | {
      readonly is: 'registered';
      readonly node: Node;
      /** The frame on whose every path it runs. */
      readonly serves: Frame;
      readonly scope: Scope | undefined;
      readonly awaited: boolean;
      /** The call that registers it; none for `finally` and `using`. */
      readonly hook: TestCall | undefined;
    }
  | {
      readonly is: 'inline';
      readonly node: Node;
      /** The node of `frame` that leads to the release: itself, or the call of a helper. */
      readonly at: Node;
      readonly frame: Frame;
    }
  | { readonly is: 'unseen'; readonly node: Node };

export interface Placement {
  /** Where a call runs; `via` names the call through which a function's parameter was reached. */
  placesOf(node: Node, asynchronous: boolean, via?: ReadonlyMap<FunctionNode, Call>): Place[];
}

const MAX_DEPTH = 5;

/** Methods of lists that have called back for all when they answer. */
const RUNS_AT_ONCE = new Set(['forEach', 'map', 'filter', 'flatMap', 'some', 'every', 'reduce']);

export function readPlacement(frames: Frames, variables: Variables, originOf: OriginOf): Placement {
  function placesOf(
    node: Node,
    asynchronous: boolean,
    via: ReadonlyMap<FunctionNode, Call> = new Map(),
  ): Place[] {
    return place({ node, at: node, awaited: !asynchronous, via, depth: 0 });
  }

  interface Step {
    readonly node: Node;
    readonly at: Node;
    readonly awaited: boolean;
    readonly via: ReadonlyMap<FunctionNode, Call>;
    readonly depth: number;
  }

  function place(step: Step): Place[] {
    const { node, at, depth } = step;
    const unseen: Place[] = [{ is: 'unseen', node }];
    if (depth > MAX_DEPTH) return unseen;
    const fn = enclosingFunction(at);
    const refuge = refugeOf(at);
    if (refuge === 'catch') return unseen;
    const awaited = step.awaited || isWaitedFor(at);
    if (refuge === 'finally') {
      const serves = frames.frameOf(at);
      return [registered(node, serves, awaited, undefined)];
    }
    if (!fn) return unseen;
    const frame = frames.frameOfFunction(fn);
    if (!frame) return placeCallback(fn, { ...step, awaited });
    switch (frame.is) {
      case 'hook':
        return frame.hook === 'after' || frame.hook === 'afterEach'
          ? [registeredBy(frame.call, node, awaited || fn.params.length > 1)]
          : [{ is: 'inline', node, at, frame }];
      case 'test':
      case 'suite':
        return [{ is: 'inline', node, at, frame }];
      case 'helper':
        return placeHelper(fn, { ...step, awaited });
      case 'file':
        return unseen;
    }
  }

  function placeHelper(fn: FunctionNode, step: Step): Place[] {
    const { node, at, via } = step;
    const call = via.get(fn);
    if (call)
      return place({
        ...step,
        at: call,
        depth: step.depth + 1,
        awaited: step.awaited && isWaitedFor(call),
      });
    const uses = frames.usesOf(fn);
    const own: Place = { is: 'inline', node, at, frame: { is: 'helper', fn } };
    return [
      own,
      ...uses.flatMap((use): Place[] => {
        switch (use.is) {
          case 'called':
            return place({
              ...step,
              at: use.call,
              depth: step.depth + 1,
              awaited: step.awaited && isWaitedFor(use.call),
            });
          case 'callback':
            return use.frame.is === 'hook' && /^after/.test(use.frame.hook)
              ? [registeredBy(use.frame.call, node, step.awaited)]
              : [{ is: 'inline', node, at, frame: use.frame }];
          case 'escape':
            return [{ is: 'unseen', node }];
        }
      }),
    ];
  }

  /** A callback that is no frame of its own: what it is given to decides when it runs. */
  function placeCallback(fn: FunctionNode, step: Step): Place[] {
    const { node } = step;
    const { parent } = outer(fn);
    if (!isCall(parent)) return [{ is: 'unseen', node }];
    const next = { ...step, at: parent, depth: step.depth + 1 };
    if (bare(parent.callee) === fn) {
      return place({ ...next, awaited: step.awaited && isWaitedFor(parent) });
    }
    if (isGlobalPromise(parent.callee) && parent.type === 'NewExpression') {
      return place({ ...next, awaited: isWaitedFor(parent) });
    }
    const callee = bare(parent.callee);
    const method = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    if (method !== undefined && RUNS_AT_ONCE.has(method)) return place(next);
    if (method === 'then') return place({ ...next, awaited: isWaitedFor(parent) });
    const serves = frames.frameOf(parent);
    if (method === 'finally') return [registered(node, serves, isWaitedFor(parent), undefined)];
    if (callee.type === 'MemberExpression' && isDisposableStack(variables, callee.object)) {
      return [registered(node, serves, true, undefined)];
    }
    if (isExport(originOf(callee), 'savepoint', 'use')) {
      return [registered(node, serves, true, undefined)];
    }
    return [{ is: 'unseen', node }];
  }

  function registered(
    node: Node,
    serves: Frame,
    awaited: boolean,
    hook: TestCall | undefined,
  ): Place {
    return { is: 'registered', node, serves, scope: frames.scopeOf(serves), awaited, hook };
  }

  function registeredBy(hook: TestCall, node: Node, awaited: boolean): Place {
    const serves = frames.servedBy(hook);
    const each = hook.what.is === 'hook' && hook.what.hook === 'afterEach';
    const own = frames.scopeOf(serves);
    const scope = each ? (serves.is === 'test' ? 'subtest' : 'test') : own;
    return { is: 'registered', node, serves, scope, awaited, hook };
  }

  function isGlobalPromise(node: Node): boolean {
    return variables.isGlobal(bare(node), 'Promise');
  }

  return { placesOf };
}

/** Whether the promise of a call is awaited, returned, stored or passed on, rather than dropped. */
export function isWaitedFor(node: Node): boolean {
  const at = outer(node);
  const { parent } = at;
  if (!parent) return false;
  switch (parent.type) {
    case 'ExpressionStatement':
      return false;
    case 'UnaryExpression':
      return parent.operator !== 'void';
    case 'SequenceExpression':
      return parent.expressions.at(-1) === at && isWaitedFor(parent);
    case 'LogicalExpression':
    case 'ConditionalExpression':
      return isWaitedFor(parent);
    case 'MemberExpression': {
      const chained = methodCallOn(at);
      return chained && ['then', 'catch', 'finally'].includes(chained.name)
        ? isWaitedFor(chained.call)
        : true;
    }
    case 'ArrayExpression': {
      const call = outer(parent).parent;
      return isCall(call) ? isWaitedFor(call) : true;
    }
    case 'ArrowFunctionExpression':
      return !isPromiseExecutor(parent);
    default:
      return true;
  }
}

/** `new Promise((resolve) => server.close(resolve))`: what the executor answers is dropped. */
function isPromiseExecutor(fn: FunctionNode): boolean {
  const { parent } = fn;
  return (
    parent.type === 'NewExpression' &&
    parent.callee.type === 'Identifier' &&
    parent.callee.name === 'Promise'
  );
}
