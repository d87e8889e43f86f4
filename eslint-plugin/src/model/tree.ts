/** The nodes of a file that the model asks about, sorted by kind in one pass. */
import type { TSESTree } from '@typescript-eslint/utils';
import { calledName, isCall, isFunction, type Call, type FunctionNode, type Node } from './ast.ts';
import { groupBy } from './group-by.ts';

export type Loop = TSESTree.WhileStatement | TSESTree.DoWhileStatement | TSESTree.ForStatement;

export interface Tree {
  readonly calls: readonly Call[];
  readonly assignments: readonly TSESTree.AssignmentExpression[];
  readonly deletions: readonly TSESTree.UnaryExpression[];
  readonly functions: readonly FunctionNode[];
  readonly returns: readonly TSESTree.ReturnStatement[];
  readonly members: readonly TSESTree.MemberExpression[];
  readonly loops: readonly Loop[];
  readonly taggedTemplates: readonly TSESTree.TaggedTemplateExpression[];
  /**
   * The calls written with one of these names, `listen(…)` or `server.listen(…)`, in the order of the
   * text. A rule that asks by name costs nothing where the name is not.
   */
  callsNamed(...names: readonly string[]): readonly Call[];
}

export type VisitorKeys = Readonly<Record<string, readonly string[] | undefined>>;

export function readTree(root: Node, visitorKeys: VisitorKeys): Tree {
  const calls: Call[] = [];
  const assignments: TSESTree.AssignmentExpression[] = [];
  const deletions: TSESTree.UnaryExpression[] = [];
  const functions: FunctionNode[] = [];
  const returns: TSESTree.ReturnStatement[] = [];
  const members: TSESTree.MemberExpression[] = [];
  const loops: Loop[] = [];
  const taggedTemplates: TSESTree.TaggedTemplateExpression[] = [];

  eachNode(root, visitorKeys, (node) => {
    if (isCall(node)) calls.push(node);
    else if (isFunction(node)) functions.push(node);
    else if (node.type === 'MemberExpression') members.push(node);
    else if (node.type === 'AssignmentExpression') assignments.push(node);
    else if (node.type === 'ReturnStatement') returns.push(node);
    else if (isLoop(node)) loops.push(node);
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') deletions.push(node);
    else if (node.type === 'TaggedTemplateExpression') taggedTemplates.push(node);
  });

  let byName: ReadonlyMap<string | undefined, readonly Call[]> | undefined;
  function callsNamed(...names: readonly string[]): readonly Call[] {
    byName ??= groupBy(calls, calledName);
    const found: (readonly Call[])[] = [];
    for (const name of names) {
      const written = byName.get(name);
      if (written) found.push(written);
    }
    return found.length > 1 ? found.flat().sort(inOrder) : (found[0] ?? []);
  }

  return {
    calls,
    assignments,
    deletions,
    functions,
    returns,
    members,
    loops,
    taggedTemplates,
    callsNamed,
  };
}

/** The order of the text, parents first. */
export function inOrder(a: Node, b: Node): number {
  return a.range[0] - b.range[0] || b.range[1] - a.range[1];
}

/** Those of the nodes that stand inside another, in the order of the text. */
export function* within<T extends Node>(nodes: readonly T[], ancestor: Node): Iterable<T> {
  const [start, end] = ancestor.range;
  for (let index = firstFrom(nodes, start); index < nodes.length; index++) {
    const node = nodes[index];
    if (!node || node.range[0] > end) return;
    if (node.range[1] <= end) yield node;
  }
}

/** The index of the first node that begins there or later. */
function firstFrom(nodes: readonly Node[], start: number): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.range[0] ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Calls back for every node of a tree that is no leaf and no type, parents first, in the order of the text. */
function eachNode(root: Node, visitorKeys: VisitorKeys, visit: (node: Node) => void): void {
  const keysOf = keysToCode(visitorKeys);
  const pending: Node[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    visit(node);
    const keys = keysOf.get(node.type) ?? [];
    const children = childrenOf(node);
    for (let index = keys.length - 1; index >= 0; index--) {
      pushChildren(children[keys[index] ?? ''], pending);
    }
  }
}

/** The node by its keys. `Reflect.get` would say it without a cast, and take ten times as long. */
function childrenOf(node: Node): Readonly<Record<string, unknown>> {
  return node as Node & Readonly<Record<string, unknown>>;
}

function pushChildren(child: unknown, pending: Node[]): void {
  if (!Array.isArray(child)) {
    if (isInner(child)) pending.push(child);
    return;
  }
  for (let index = child.length - 1; index >= 0; index--) {
    const each: unknown = child[index];
    if (isInner(each)) pending.push(each);
  }
}

/** Half of all nodes are names and literals: there is nothing to ask them. */
function isInner(value: unknown): value is Node {
  if (typeof value !== 'object' || value === null) return false;
  const { type } = value as { readonly type?: unknown };
  return type !== undefined && type !== 'Identifier' && type !== 'Literal';
}

const TYPES =
  /^(?:typeAnnotation|typeParameters|typeArguments|returnType|superTypeArguments|implements)$/;
const keysWithoutTypes = new WeakMap<VisitorKeys, ReadonlyMap<string, readonly string[]>>();

/** The keys of each type of node, but those behind which only types stand. Kept for the parser that has them. */
function keysToCode(visitorKeys: VisitorKeys): ReadonlyMap<string, readonly string[]> {
  const known = keysWithoutTypes.get(visitorKeys);
  if (known) return known;
  const keysOf = new Map(
    Object.entries(visitorKeys).map(([type, keys = []]) => [
      type,
      keys.filter((key) => !TYPES.test(key)),
    ]),
  );
  keysWithoutTypes.set(visitorKeys, keysOf);
  return keysOf;
}

function isLoop(node: Node): node is Loop {
  return (
    node.type === 'WhileStatement' ||
    node.type === 'DoWhileStatement' ||
    node.type === 'ForStatement'
  );
}
