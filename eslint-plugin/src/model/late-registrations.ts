/**
 * What stands between an acquisition and the hook that registers its release, and may fail: then
 * nobody releases it. That it could not be opened is no such thing.
 */
import {
  calledName,
  enclosingFunction,
  isCall,
  isInside,
  nameOf,
  outer,
  statementOf,
  type Call,
  type Node,
} from './ast.ts';
import type { Acquisition } from './acquisitions.ts';
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
