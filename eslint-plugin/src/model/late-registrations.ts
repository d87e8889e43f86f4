/**
 * What stands between an acquisition and the hook that registers its release, and may fail: then
 * nobody releases it. That it could not be opened is no such thing.
 */
import {
  bare,
  calledName,
  enclosingFunction,
  isCall,
  isInside,
  methodCallOn,
  nameOf,
  outer,
  statementOf,
  type Call,
  type Node,
} from './ast.ts';
import type { Acquisition } from './acquisitions.ts';
import type { OriginOf } from './origins.ts';
import { isRelative } from './project/resolve.ts';
import { within } from './tree.ts';
import type { Variable, Variables } from './variables.ts';

/** `app.ready()`, `once(server, 'listening')`, `listenOn(server)`. */
const OPENS = /^(once|register)$|listen|connect|ready|open|start|init/i;

/** The first awaited call between the two, in the function that holds both. */
export function failureBefore(
  hook: Call,
  { node }: Acquisition,
  variable: Variable,
  calls: readonly Call[],
  variables: Variables,
): Call | undefined {
  const fn = enclosingFunction(node);
  if (!fn || enclosingFunction(hook) !== fn) return undefined;
  const start = statementOf(node).range[1];
  for (const call of within(calls, fn.body)) {
    if (call.range[0] < start || call.range[1] > hook.range[0]) continue;
    if (outer(call).parent?.type !== 'AwaitExpression' || enclosingFunction(call) !== fn) continue;
    if (!isTried(call, fn) && !opens(call, variable, variables)) return call;
  }
  return undefined;
}

/**
 * The awaited start of an app that has the project's own plugins: one that fails leaves open what those
 * before it opened, which only the app's `close()` ends.
 */
export function startBefore(
  hook: Call,
  { node, resource }: Acquisition,
  variable: Variable,
  variables: Variables,
  originOf: OriginOf,
): Call | undefined {
  if (resource.kind !== 'app') return undefined;
  const fn = enclosingFunction(node);
  let hasPlugins = false;
  for (const { identifier } of variables.references(variable)) {
    const told = methodCallOn(identifier);
    if (!told || told.call.range[1] > hook.range[0]) continue;
    if (told.name === 'register') hasPlugins ||= isOfProject(told.call.arguments[0], originOf);
    const isAwaited = outer(told.call).parent?.type === 'AwaitExpression';
    if (told.name === 'ready' && hasPlugins && isAwaited && enclosingFunction(told.call) === fn) {
      return isTried(told.call, fn ?? told.call) ? undefined : told.call;
    }
  }
  return undefined;
}

/** A plugin that another file of the project exports, by itself or in `fp(…)`. */
function isOfProject(plugin: Node | undefined, originOf: OriginOf): boolean {
  if (!plugin) return false;
  const value = bare(plugin);
  if (isCall(value)) return isOfProject(value.arguments[0], originOf);
  const origin = originOf(value);
  return origin?.from === 'module' && isRelative(origin.module);
}

function isTried(call: Call, fn: Node): boolean {
  for (let at: Node = call; at !== fn && at.parent; at = at.parent) {
    if (at.type === 'TryStatement') return true;
  }
  return false;
}

/** By its own name, or by what it waits for: `new Promise((resolve) => server.listen(0, resolve))`. */
function opens(awaited: Call, variable: Variable, variables: Variables): boolean {
  const inside = variables
    .references(variable)
    .map(({ identifier }) => identifier)
    .filter((identifier) => isInside(identifier, awaited));
  if (inside.length === 0) return false;
  return (
    OPENS.test(calledName(awaited) ?? '') ||
    inside.some((identifier) => {
      const { parent } = identifier;
      const name =
        parent.type === 'MemberExpression'
          ? nameOf(parent)
          : isCall(parent)
            ? calledName(parent)
            : undefined;
      return name !== undefined && OPENS.test(name);
    })
  );
}
