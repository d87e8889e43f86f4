/**
 * Does a resource that nobody releases hold the process up? Where it may not, for it never opened,
 * was let go or ends by itself, nothing can be concluded. Does not ask who releases it.
 */
import type { Acquisition, Chained } from './acquisitions.ts';
import {
  bare,
  calledPathOn,
  isFunction,
  nameOf,
  outer,
  propertyOf,
  type Call,
  type Node,
} from './ast.ts';
import type { Knowledge } from './knowledge.ts';
import type { Variables } from './variables.ts';

export function keepsAlive(acquisition: Acquisition, variables: Variables): boolean {
  const { node, resource } = acquisition;
  const calls = callsOn(acquisition, variables);
  if (calls.some(({ path }) => path.at(-1) === 'unref') || givesServer(node)) return false;
  if (takesSignal(node, variables) || isNeverUsed(acquisition, variables)) return false;
  const openers = resource.keepsAliveOnce ?? resource.openedBy;
  if (openers.length === 0) return resource.keepsAliveOnce === undefined && !mayHaveFailed(node);
  return calls.some(
    ({ path, call }) => openers.includes(path.join('.')) && staysOpen(call, variables),
  );
}

/** Whether it was made or opened with a signal: whoever aborts that closes it, `t.signal` with its test. */
export function isClosedBySignal(acquisition: Acquisition, variables: Variables): boolean {
  const opened = callsOn(acquisition, variables).map(({ call }) => call);
  return [acquisition.node, ...opened].some((call) => takesSignal(call, variables));
}

/** Whether its first use would open it, and nothing uses it: ended or not, it holds nothing. */
export function isNeverUsed(acquisition: Acquisition, variables: Variables): boolean {
  const { holder, resource } = acquisition;
  if (!opensAtFirstUse(acquisition, variables)) return false;
  if (holder.is === 'nobody' || isOnlyLookedAt(acquisition.node)) return true;
  return (
    holder.is === 'variable' &&
    variables
      .references(holder.variable)
      .every((reference) => !reference.isRead() || isIdle(reference.identifier, resource))
  );
}

/** `assert.ok(new Pool())`. */
function isOnlyLookedAt(node: Call): boolean {
  const { parent } = outer(node);
  if (parent?.type !== 'CallExpression') return false;
  const callee = bare(parent.callee);
  const looks = callee.type === 'MemberExpression' ? bare(callee.object) : callee;
  return looks.type === 'Identifier' && /^(?:assert|expect)$/.test(looks.name);
}

/** By itself, or because it is told to: `new Redis({ lazyConnect: true })`. */
function opensAtFirstUse({ node, resource: { row } }: Acquisition, variables: Variables): boolean {
  if (row?.opensAtFirstUseWith) {
    const { opensAtFirstUseWith: names } = row;
    for (const argument of node.arguments) {
      const options = variables.constantOf(argument) ?? bare(argument);
      const given = names.map((name) => propertyOf(options, name)?.value);
      if (given.some((value) => value && !isFalse(bare(value)))) return true;
    }
  }
  return row?.opensAtFirstUse ?? false;
}

function isFalse(value: Node): boolean {
  return value.type === 'Literal' && value.value === false;
}

/** `pool.on('error', log)`, `pool.options.max`, `pool.end()`. */
function isIdle(identifier: Node, { releasedBy }: Knowledge): boolean {
  const [called] = calledPathOn(identifier);
  if (!called) return outer(identifier).parent?.type === 'MemberExpression';
  const method = called.path.join('.');
  return LISTENS.has(method) || releasedBy.includes(method);
}

/** Methods of an event emitter that use nothing of what emits. */
const LISTENS = new Set(['on', 'once', 'off', 'addListener', 'removeListener']);

function callsOn({ holder, chained }: Acquisition, variables: Variables): readonly Chained[] {
  const named =
    holder.is === 'variable'
      ? variables.references(holder.variable).flatMap(({ identifier }) => calledPathOn(identifier))
      : [];
  return [...chained, ...named];
}

/** `Fastify({ serverFactory })`: the server is somebody else's. */
function givesServer({ arguments: [options] }: Call): boolean {
  return propertyOf(options, 'serverFactory') !== undefined;
}

/** Not where it is closed by a signal, nor where the test wants it to fail. */
function staysOpen(call: Call, variables: Variables): boolean {
  return (
    !takesSignal(call, variables) && !isExpectedToFail(call) && !isErrorLookedAt(call, variables)
  );
}

/** `{ signal }`, written in the call or in a constant. */
function takesSignal(call: Call, variables: Variables): boolean {
  return call.arguments.some((argument) => {
    const options = bare(argument);
    return propertyOf(variables.constantOf(options) ?? options, 'signal') !== undefined;
  });
}

/** `try { await connectAsync(…) } catch`: what fails to be made is nobody's to end. */
function mayHaveFailed(call: Call): boolean {
  return outer(call).parent?.type === 'AwaitExpression' && isExpectedToFail(call);
}

/** Inside `assert.rejects(…)`, or a `try` whose `catch` takes the error. */
function isExpectedToFail(call: Call): boolean {
  for (let at: Node = call; at.parent; at = at.parent) {
    const parent: Node = at.parent;
    if (parent.type === 'TryStatement' && parent.block === at && parent.handler) return true;
    if (parent.type !== 'CallExpression') continue;
    const callee = bare(parent.callee);
    const name = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    if (name === 'rejects' || name === 'throws') return true;
  }
  return false;
}

/** `listen(0, (error) => assert.match(error.message, …))`; `ifError(error)` wants none. */
function isErrorLookedAt(call: Call, variables: Variables): boolean {
  const callback = call.arguments.at(-1);
  if (!isFunction(callback)) return false;
  const [parameter] = callback.params;
  const error = parameter && variables.of(parameter);
  return (error ? variables.references(error) : []).some(({ identifier }) => {
    const { parent } = identifier;
    if (parent.type === 'CallExpression') {
      const callee = bare(parent.callee);
      return callee.type === 'MemberExpression' && nameOf(callee) !== 'ifError';
    }
    return parent.type === 'MemberExpression' || parent.type === 'BinaryExpression';
  });
}
