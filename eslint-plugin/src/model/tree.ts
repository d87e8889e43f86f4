/** The nodes of a file that the model asks about, sorted by kind in one pass. */
import type { TSESTree } from '@typescript-eslint/utils';
import { isCall, isFunction, isInside, type Call, type FunctionNode, type Node } from './ast.ts';

export interface Tree {
  readonly calls: readonly Call[];
  readonly assignments: readonly TSESTree.AssignmentExpression[];
  readonly deletions: readonly TSESTree.UnaryExpression[];
  readonly functions: readonly FunctionNode[];
  readonly returns: readonly TSESTree.ReturnStatement[];
  readonly members: readonly TSESTree.MemberExpression[];
  readonly taggedTemplates: readonly TSESTree.TaggedTemplateExpression[];
}

export type VisitorKeys = Readonly<Record<string, readonly string[] | undefined>>;

export function readTree(root: Node, visitorKeys: VisitorKeys): Tree {
  const calls: Call[] = [];
  const assignments: TSESTree.AssignmentExpression[] = [];
  const deletions: TSESTree.UnaryExpression[] = [];
  const functions: FunctionNode[] = [];
  const returns: TSESTree.ReturnStatement[] = [];
  const members: TSESTree.MemberExpression[] = [];
  const taggedTemplates: TSESTree.TaggedTemplateExpression[] = [];

  for (const node of nodesOf(root, visitorKeys)) {
    if (isCall(node)) calls.push(node);
    else if (isFunction(node)) functions.push(node);
    else if (node.type === 'MemberExpression') members.push(node);
    else if (node.type === 'AssignmentExpression') assignments.push(node);
    else if (node.type === 'ReturnStatement') returns.push(node);
    else if (node.type === 'UnaryExpression' && node.operator === 'delete') deletions.push(node);
    else if (node.type === 'TaggedTemplateExpression') taggedTemplates.push(node);
  }
  return { calls, assignments, deletions, functions, returns, members, taggedTemplates };
}

/** Those of the nodes that stand inside another, in the order of the text. */
export function* within<T extends Node>(nodes: readonly T[], ancestor: Node): Iterable<T> {
  for (const node of nodes) {
    if (node.range[0] > ancestor.range[1]) return;
    if (isInside(node, ancestor)) yield node;
  }
}

/** Every node of a tree, parents first, in the order of the text. */
function* nodesOf(root: Node, visitorKeys: VisitorKeys): Generator<Node> {
  const pending: Node[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    yield node;
    const keys = visitorKeys[node.type] ?? [];
    for (let index = keys.length - 1; index >= 0; index--) {
      pushChildren(Reflect.get(node, keys[index] ?? ''), pending);
    }
  }
}

function pushChildren(child: unknown, pending: Node[]): void {
  if (!Array.isArray(child)) {
    if (isNode(child)) pending.push(child);
    return;
  }
  for (let index = child.length - 1; index >= 0; index--) {
    const each: unknown = child[index];
    if (isNode(each)) pending.push(each);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
