/** What does a name mean at a place, and may a new thing be called by it there? */
import type { TSESLint } from '@typescript-eslint/utils';
import { isInside, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
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
  // Inner scopes are made after outer ones.
  return source.scopeManager?.scopes.findLast(({ block }) => isInside(at, block));
}

/** Whether nothing within a node declares the name or says it. */
export function isUnused({ source }: FileModel, name: string, within: Node): boolean {
  return (source.scopeManager?.scopes ?? []).every(
    ({ block, set, references }) =>
      (!isInside(block, within) || !declares(set, name)) &&
      references.every(
        ({ identifier }) => identifier.name !== name || !isInside(identifier, within),
      ),
  );
}

function declares(set: ReadonlyMap<string, Variable>, name: string): boolean {
  return (set.get(name)?.defs.length ?? 0) > 0;
}

/** A name like this one that nothing in the file has: `previous`, `previous2`, … */
export function freshName(file: FileModel, name: string): string {
  let fresh = name;
  for (let count = 2; !isUnused(file, fresh, file.source.ast); count++)
    fresh = name + String(count);
  return fresh;
}
