/** The nodes of a file that the model asks about, sorted by kind in one pass. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, nameOf, type Call, type FunctionNode, type Node } from './ast.ts';
import { once } from './once.ts';

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
  /** The same, of names that a pattern finds something in. */
  callsMatching(pattern: RegExp): readonly Call[];
  /** The calls of anything but a named member: `listen(…)`, `servers[0](…)`. */
  plainCalls(): readonly Call[];
}

export type VisitorKeys = Readonly<Record<string, readonly string[] | undefined>>;

/** A step of ESLint's way through a file: into a node, out of it, or something between. */
export interface Step {
  /** 1 where a node is visited. */
  readonly kind: number;
  /** 1 on the way into it. */
  readonly phase?: number;
  readonly target: unknown;
}

/** What has nodes: ESLint's `SourceCode`, which has been through them all, or any parser's tree. */
export interface Nodes {
  readonly ast: Node;
  readonly visitorKeys: VisitorKeys;
  traverse?(): Iterable<Step>;
}

export function readTree(nodes: Nodes): Tree {
  const calls: Call[] = [];
  const assignments: TSESTree.AssignmentExpression[] = [];
  const deletions: TSESTree.UnaryExpression[] = [];
  const functions: FunctionNode[] = [];
  const returns: TSESTree.ReturnStatement[] = [];
  const members: TSESTree.MemberExpression[] = [];
  const loops: Loop[] = [];
  const taggedTemplates: TSESTree.TaggedTemplateExpression[] = [];

  eachNode(nodes, (node) => {
    switch (node.type) {
      // Half of all nodes are names and literals: there is nothing to ask them.
      case 'Identifier':
      case 'Literal':
        break;
      case 'CallExpression':
      case 'NewExpression':
        calls.push(node);
        break;
      case 'MemberExpression':
        members.push(node);
        break;
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
      case 'FunctionDeclaration':
        functions.push(node);
        break;
      case 'AssignmentExpression':
        assignments.push(node);
        break;
      case 'ReturnStatement':
        returns.push(node);
        break;
      case 'WhileStatement':
      case 'DoWhileStatement':
      case 'ForStatement':
        loops.push(node);
        break;
      case 'UnaryExpression':
        if (node.operator === 'delete') deletions.push(node);
        break;
      case 'TaggedTemplateExpression':
        taggedTemplates.push(node);
        break;
      default:
    }
  });

  const sorted = once(() => sortCalls(calls));

  function callsNamed(...names: readonly string[]): readonly Call[] {
    const { byName } = sorted();
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
    callsMatching(pattern) {
      return callsNamed(...[...sorted().byName.keys()].filter((name) => pattern.test(name)));
    },
    plainCalls: () => sorted().plain,
  };
}

interface SortedCalls {
  readonly byName: ReadonlyMap<string, readonly Call[]>;
  readonly plain: readonly Call[];
}

function sortCalls(calls: readonly Call[]): SortedCalls {
  const byName = new Map<string, Call[]>();
  const plain: Call[] = [];
  for (const call of calls) {
    const callee = bare(call.callee);
    const method = callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
    if (method === undefined) plain.push(call);
    const name = callee.type === 'Identifier' ? callee.name : method;
    if (name === undefined) continue;
    const known = byName.get(name);
    if (known) known.push(call);
    else byName.set(name, [call]);
  }
  return { byName, plain };
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

/** Calls back for every node but leaves and types, which it may pass by: parents first, in the order of the text. */
function eachNode(nodes: Nodes, visit: (node: Node) => void): void {
  const steps = nodes.traverse?.();
  if (!steps) {
    eachNodeBelow(nodes.ast, nodes.visitorKeys, visit);
    return;
  }
  for (const step of steps) {
    if (step.kind === 1 && step.phase === 1) visit(step.target as Node);
  }
}

function eachNodeBelow(root: Node, visitorKeys: VisitorKeys, visit: (node: Node) => void): void {
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
