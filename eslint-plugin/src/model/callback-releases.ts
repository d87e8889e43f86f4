/**
 * Is a release left to a callback that only the way to success calls: of an event, a request, a
 * server that listens? Of a function it does not know it says nothing: that may call back at the end.
 */
import type { Acquisition, Acquisitions, Holder } from './acquisitions.ts';
import { endsItsBody, isCleanup, isSpokenOf } from './act-under-test.ts';
import {
  bare,
  calledName,
  enclosingFunctions,
  isCall,
  isFunction,
  isInside,
  lastNameOf,
  nameOf,
  outer,
  outerAwaited,
  textOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Frame } from './frames.ts';
import type { OriginOf } from './origins.ts';
import { within, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

interface Asked {
  readonly tree: Tree;
  readonly variables: Variables;
  readonly originOf: OriginOf;
  readonly acquisitions: Acquisitions;
}

/** Of which acquisition, in which frame: only a test waits for what its callbacks do. */
type IsLeftToCallback = (release: Node, acquisition: Acquisition, frame: Frame) => boolean;

export function readCallbackReleases(asked: Asked): IsLeftToCallback {
  const { tree, variables, originOf, acquisitions } = asked;

  return function isLeftToCallback(release, acquisition, frame) {
    if (frame.is !== 'test' || !isCall(release) || isConditional(release)) return false;
    const callbacks = callbacksAround(release, frame.fn);
    if (!callbacks?.some((fn) => !isExecutor(fn))) return false;
    if (!callbacks.every((fn) => isExecutor(fn) || isOnTheWay(fn))) return false;
    return (
      isSkippable(release, acquisition, callbacks) && isLast(release) && !isSpokenOf(release, frame)
    );
  };

  /** Whether something throws before it, or a callback does not come while the resource is open. */
  function isSkippable(
    release: Node,
    { node, holder }: Acquisition,
    callbacks: readonly FunctionNode[],
  ): boolean {
    const since = callbacks.filter((fn) => !isInside(node, fn));
    return (
      since.some((fn) => !isExecutor(fn) && !opens(fn, holder)) ||
      callbacks.some((fn) => runsBefore(release, node, fn))
    );
  }

  /** `server.listen(0, fn)`, `server.once('listening', fn)`: without the callback it is not open. */
  function opens(fn: FunctionNode, holder: Holder): boolean {
    const { parent } = outer(fn);
    const callee = isCall(parent) ? bare(parent.callee) : undefined;
    if (!isCall(parent) || callee?.type !== 'MemberExpression') return false;
    const isOwn = holder.is === 'variable' && variables.of(bare(callee.object)) === holder.variable;
    return isOwn && OPENS.has(textOf(parent.arguments[0]) ?? nameOf(callee) ?? '');
  }

  function runsBefore(release: Node, acquired: Node, fn: FunctionNode): boolean {
    for (const call of within(tree.calls, fn)) {
      const isBetween = call.range[0] >= acquired.range[1] && call.range[1] <= release.range[0];
      if (isBetween && !wantsNoError(call)) return true;
    }
    return false;
  }

  /** `once('connect', fn)`, `listen(0, fn)`, `http.get(url, fn)`. */
  function isOnTheWay(fn: FunctionNode): boolean {
    const { parent } = outer(fn);
    if (!isCall(parent) || bare(parent.callee) === fn) return false;
    const callee = bare(parent.callee);
    const name = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    if (name !== undefined && LISTENS.has(name)) return awaits(textOf(parent.arguments[0]), fn);
    const origin = originOf(callee);
    if (origin?.from === 'module') return CONNECTS.has(origin.module);
    if (callee.type !== 'MemberExpression' || name === undefined) return false;
    const kind = acquisitions.resourceOf(callee.object)?.kind;
    if (kind === undefined) return false;
    return kind === 'app' || kind === 'server' ? STARTS.has(name) : !KEEPS_FOR_LATER.test(name);
  }

  /** What a failure brings about, too, is awaited where the test ends with it. */
  function awaits(event: string | undefined, fn: FunctionNode): boolean {
    if (event === undefined) return false;
    return !COMES_WITH_FAILURE.has(event) || endsTest(fn);
  }

  function endsTest(fn: FunctionNode): boolean {
    for (const identifier of variables.referringIn(fn)) if (isAnswer(identifier)) return true;
    return false;
  }

  /** `done`, or what settles a promise. */
  function isAnswer(callee: Node): boolean {
    const definition = variables.of(callee)?.defs[0];
    if (definition?.type !== 'Parameter' || !isFunction(definition.node)) return false;
    const fn: FunctionNode = definition.node;
    return isExecutor(fn) || fn.params[1] === definition.name;
  }

  function isExecutor(fn: FunctionNode): boolean {
    const { parent } = outer(fn);
    return parent?.type === 'NewExpression' && variables.isGlobal(bare(parent.callee), 'Promise');
  }

  /** Whether the release is all that is left to do, and nobody looks at how it went. */
  function isLast(release: Call): boolean {
    const at = outerAwaited(release).parent?.type ?? '';
    return (
      /^(?:Expression|Return)Statement$|^ArrowFunction/.test(at) &&
      endsItsBody(release, isFarewell) &&
      isIndifferent(release)
    );
  }

  function isFarewell(statement: Node): boolean {
    if (isCleanup(statement)) return true;
    if (statement.type === 'ReturnStatement' || statement.type === 'ExpressionStatement') {
      const value =
        statement.type === 'ReturnStatement' ? statement.argument : statement.expression;
      return value !== null && isCall(value) && isFarewellCall(value);
    }
    return false;
  }

  function isFarewellCall(call: Call): boolean {
    return wantsNoError(call) || isAnswer(bare(call.callee));
  }

  /** `close()`, `close(done)`, `close((error) => done(error))`. */
  function isIndifferent(release: Call): boolean {
    return release.arguments.every((argument) => {
      const value = bare(argument);
      if (!isFunction(value)) return !isCall(value);
      for (const call of within(tree.calls, value)) {
        if (!isFarewellCall(call) && !CLOSES.test(lastNameOf(call) ?? '')) return false;
      }
      return true;
    });
  }
}

/** `assert.ifError(error)`: what fails with it was not opened. */
function wantsNoError(call: Call): boolean {
  return calledName(call) === 'ifError';
}

/** The functions from a node up to the one of the frame; undefined where the way is another. */
function callbacksAround(node: Node, frame: FunctionNode): FunctionNode[] | undefined {
  const callbacks: FunctionNode[] = [];
  for (const fn of enclosingFunctions(node)) {
    if (fn === frame) return callbacks;
    callbacks.push(fn);
  }
  return undefined;
}

/** In a branch of its own: which of them succeeds is not to be seen. */
function isConditional(node: Node): boolean {
  for (let at: Node | undefined = node; at && !isFunction(at); at = at.parent) {
    if (/^(?:If|Switch|Try)Statement$|^(?:Conditional|Logical)Expression$/.test(at.type))
      return true;
  }
  return false;
}

const LISTENS = new Set(['on', 'once', 'addListener', 'addEventListener']);
const COMES_WITH_FAILURE = new Set(['error', 'close', 'exit', 'abort', 'disconnect']);
const CONNECTS = new Set(['http', 'https', 'http2', 'net', 'tls']);
const OPENS = new Set(['listen', 'listening', 'ready']);
const STARTS = new Set(['listen', 'ready', 'inject', 'close']);
const KEEPS_FOR_LATER = /^(?:on|add|use|register|handle|defer)/;
const CLOSES = /^(?:close|end|stop|destroy|quit|disconnect|terminate)$/;
