/**
 * The calls of some functions: of methods by their names, and of plain names, `chdir(…)`, by what they
 * mean. A plain name means the same at each of its calls, so that it is asked once.
 */
import { bare, lastNameOf, type Call } from './ast.ts';
import { groupBy } from './group-by.ts';
import { differsByPlace, type Origin, type OriginOf } from './origins.ts';
import { inOrder, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

/**
 * The calls by one of these names, whatever it is a method of, and those of plain names with such an
 * origin, in the order of the text.
 */
export type CallsTo = (
  names: readonly string[],
  isMeant: (origin: Origin) => boolean,
) => readonly Call[];

export function readCallsTo(tree: Tree, variables: Variables, originOf: OriginOf): CallsTo {
  let plain: readonly (readonly Call[])[] | undefined;

  return function callsTo(names, isMeant) {
    plain ??= plainCalls();
    const found = new Set(tree.callsNamed(...names));
    for (const calls of plain) {
      const [first] = calls;
      const origin = first && originOf(first.callee);
      if (origin && isMeant(origin)) for (const call of calls) found.add(call);
    }
    return [...found].sort(inOrder);
  };

  function plainCalls(): Call[][] {
    const calls = tree.calls.filter((call) => lastNameOf(call) === undefined);
    return [...groupBy(calls, meaningOf).values()];
  }

  /** What all calls of one meaning share; a call stands for itself where the meaning may change on the way. */
  function meaningOf(call: Call): unknown {
    const callee = bare(call.callee);
    if (callee.type !== 'Identifier') return call;
    const variable = variables.of(callee);
    if (!variable) return callee.name;
    return differsByPlace(variables, variable) ? call : variable;
  }
}
