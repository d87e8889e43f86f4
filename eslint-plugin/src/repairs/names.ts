/** What does a name mean at a place, and may a new thing be called by it there? */
import type { TSESLint } from '@typescript-eslint/utils';
import type { Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { groupBy } from '../model/group-by.ts';
import { perFile } from '../model/per-file.ts';
import { within } from '../model/tree.ts';
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

/** Whether nothing within a node declares the name or says it. */
export function isUnused({ variables }: FileModel, name: string, node: Node): boolean {
  const [first] = within(variables.named(name), node);
  return first === undefined;
}

/** A name like this one that nothing in the file has: `previous`, `previous2`, … */
export function freshName({ variables }: FileModel, name: string): string {
  let fresh = name;
  for (let count = 2; variables.named(fresh).length > 0; count++) fresh = name + String(count);
  return fresh;
}
