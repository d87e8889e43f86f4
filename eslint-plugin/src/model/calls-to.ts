/**
 * The calls of some functions: of methods by their names, and of plain names, `chdir(…)`, by what they
 * mean. A plain name means the same at each of its calls, so that it is asked once.
 */
import { bare, type Call } from './ast.ts';
import { groupBy } from './group-by.ts';
import { differsByPlace, type Origin, type OriginOf } from './origins.ts';
import { inOrder, type Tree } from './tree.ts';
import type { Variables } from './variables.ts';

/** Functions by what they are called: as methods, and in what exports them. */
export interface Sought {
  /** The last name of a call, whatever it is a method of. */
  readonly methods: readonly string[];
  /** What plain names stand for, by the names that a file cannot have it without saying. */
  readonly functions: readonly string[] | 'any';
}

/**
 * The calls by one of these methods, and those of plain names with such an origin, in the order of
 * the text.
 */
export type CallsTo = (sought: Sought, isMeant: (origin: Origin) => boolean) => readonly Call[];

export function readCallsTo(
  { text }: { readonly text: string },
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
): CallsTo {
  let plain: readonly (readonly Call[])[] | undefined;

  return function callsTo({ methods, functions }, isMeant) {
    const named = tree.callsNamed(...methods);
    const isSaid = functions === 'any' || functions.some((name) => text.includes(name));
    if (!isSaid) return named;
    plain ??= [...groupBy(tree.plainCalls(), meaningOf).values()];
    const found = new Set(named);
    for (const calls of plain) {
      const [first] = calls;
      const origin = first && originOf(first.callee);
      if (origin && isMeant(origin)) for (const call of calls) found.add(call);
    }
    return [...found].sort(inOrder);
  };

  /** What all calls of one meaning share; a call stands for itself where the meaning may change on the way. */
  function meaningOf(call: Call): unknown {
    const callee = bare(call.callee);
    if (callee.type !== 'Identifier') return call;
    const variable = variables.of(callee);
    if (!variable) return callee.name;
    return differsByPlace(variables, variable) ? call : variable;
  }
}
