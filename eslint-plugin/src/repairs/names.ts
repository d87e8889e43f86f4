/** What does a name mean at a place, and may a new thing be called by it there? */
import type { TSESLint } from '@typescript-eslint/utils';
import type { Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { groupBy } from '../model/group-by.ts';
import { perFile } from '../model/per-file.ts';
import type { Variable } from '../model/variables.ts';

type Scope = TSESLint.Scope.Scope;

/** The variable of the file that a name means at a node. */
export function meaningAt(file: FileModel, name: string, at: Node): Variable | undefined {
  for (let scope = scopeAt(file, at); scope; scope = scope.upper ?? undefined) {
    const variable = scope.set.get(name);
    if (variable && variable.defs.length > 0) return variable;
  }
  return undefined;
}

function scopeAt({ source }: FileModel, at: Node): Scope | undefined {
  for (let node: Node | undefined = at; node; node = node.parent) {
    const scope = source.scopeManager?.acquire(node, true);
    if (scope) return scope;
  }
  return undefined;
}

const scopesByBlock = perFile(({ source }) =>
  groupBy<Scope, Node>(source.scopeManager?.scopes ?? [], ({ block }) => block),
);

/** The scopes that a node opens. */
export function scopesOf(file: FileModel, node: Node): readonly Scope[] {
  return scopesByBlock(file).get(node) ?? [];
}

/** Where each name stands, as a declaration or a reference, in the order of the text. */
const placesOf = perFile(({ source }): ReadonlyMap<string, readonly number[]> => {
  const places = new Map<string, number[]>();
  const add = ({ name, range }: { name: string; range: readonly [number, number] }): void => {
    const known = places.get(name);
    if (known) known.push(range[0]);
    else places.set(name, [range[0]]);
  };
  for (const scope of source.scopeManager?.scopes ?? []) {
    for (const { name, identifiers } of scope.variables) {
      for (const { range } of identifiers) add({ name, range });
    }
    for (const { identifier } of scope.references) {
      if (identifier.type === 'Identifier') add(identifier);
    }
  }
  for (const starts of places.values()) starts.sort((a, b) => a - b);
  return places;
});

/** Whether nothing within a node declares the name or says it. */
export function isUnused(file: FileModel, name: string, { range: [start, end] }: Node): boolean {
  const starts = placesOf(file).get(name) ?? [];
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return (starts[low] ?? Infinity) >= end;
}

/** A name like this one that nothing in the file has: `previous`, `previous2`, … */
export function freshName(file: FileModel, name: string): string {
  let fresh = name;
  for (let count = 2; placesOf(file).has(fresh); count++) fresh = name + String(count);
  return fresh;
}
