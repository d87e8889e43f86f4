/** Questions about syntax alone: no scopes, no modules, no tests. */
import type { TSESTree } from '@typescript-eslint/utils';

export type Node = TSESTree.Node;
export type Identifier = TSESTree.Identifier;
export type Call = TSESTree.CallExpression | TSESTree.NewExpression;
export type FunctionNode =
  TSESTree.ArrowFunctionExpression | TSESTree.FunctionExpression | TSESTree.FunctionDeclaration;

export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return (
    node?.type === 'ArrowFunctionExpression' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'FunctionDeclaration'
  );
}

export function isCall(node: Node | null | undefined): node is Call {
  return node?.type === 'CallExpression' || node?.type === 'NewExpression';
}

const TRANSPARENT = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ChainExpression',
]);

/** The expression inside casts and optional chains. */
export function bare(node: Node): Node {
  if (node.type === 'Identifier' || node.type === 'MemberExpression') return node;
  return TRANSPARENT.has(node.type) && 'expression' in node && typeof node.expression === 'object'
    ? bare(node.expression)
    : node;
}

/** The outermost node that is this expression in casts and optional chains. */
export function outer(node: Node): Node {
  const { parent } = node;
  return parent && TRANSPARENT.has(parent.type) ? outer(parent) : node;
}

/** The same, and the `await` around it. */
export function outerAwaited(node: Node): Node {
  const expression = outer(node);
  return expression.parent?.type === 'AwaitExpression'
    ? outerAwaited(expression.parent)
    : expression;
}

/** The text of a string literal or of a template without placeholders. */
export function textOf(node: Node | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0]?.value.cooked ?? undefined;
  }
  return undefined;
}

/** `b` for `a.b`, `a['b']` and `{ b: … }`. */
export function nameOf(node: TSESTree.MemberExpression | TSESTree.Property): string | undefined {
  const key = node.type === 'Property' ? node.key : node.property;
  if (!node.computed && key.type === 'Identifier') return key.name;
  return textOf(key);
}

/** The name by which a function is called: `b` of `b()`, `a.b()` and `new a.b()`. */
export function calledName(call: Call): string | undefined {
  const callee = bare(call.callee);
  return callee.type === 'Identifier' ? callee.name : lastNameOf(call);
}

/** `c` for the call `a.b.c()`; undefined where the callee is not a member, or its name is computed. */
export function lastNameOf(call: Call): string | undefined {
  const callee = bare(call.callee);
  return callee.type === 'MemberExpression' ? nameOf(callee) : undefined;
}

/** `a.b.c` as text; undefined for anything computed or called. */
export function dottedName(node: Node): string | undefined {
  const value = bare(node);
  if (value.type === 'Identifier') return value.name;
  if (value.type !== 'MemberExpression') return undefined;
  const [owner, name] = [dottedName(value.object), nameOf(value)];
  return owner !== undefined && name !== undefined ? `${owner}.${name}` : undefined;
}

/** The expression that a chain of members begins with: `a` of `a.b.c`. */
export function rootOf(node: Node): Node {
  const value = bare(node);
  return value.type === 'MemberExpression' ? rootOf(value.object) : value;
}

/** The property of an object literal, by name. */
export function propertyOf(
  node: Node | null | undefined,
  name: string,
): TSESTree.Property | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  return node.properties.find(
    (property): property is TSESTree.Property =>
      property.type === 'Property' && nameOf(property) === name,
  );
}

/** The call `x.name(…)` in which this node is `x`, with its name. */
export function methodCallOn(
  node: Node,
): { call: TSESTree.CallExpression; name: string } | undefined {
  const member = outer(node).parent;
  if (member?.type !== 'MemberExpression' || bare(member.object) !== bare(node)) return undefined;
  const name = nameOf(member);
  const call = outer(member).parent;
  return name !== undefined && call?.type === 'CallExpression' && bare(call.callee) === member
    ? { call, name }
    : undefined;
}

/** The call `x.a.b(…)` in which this node is `x`, with the way to it: one, or none. */
export function calledPathOn(node: Node): { path: string[]; call: Call }[] {
  const path: string[] = [];
  for (let at = outer(node); ; at = outer(at.parent)) {
    const { parent } = at;
    if (parent?.type === 'CallExpression' && parent.callee === at) return [{ path, call: parent }];
    if (parent?.type !== 'MemberExpression' || parent.object !== at) return [];
    const name = nameOf(parent);
    if (name === undefined) return [];
    path.push(name);
  }
}

export function enclosingFunction(node: Node): FunctionNode | undefined {
  for (let at = node.parent; at; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/** The functions around a node, from the inside out. */
export function* enclosingFunctions(node: Node): Iterable<FunctionNode> {
  for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) yield fn;
}

/** The calls that are given a function around a node, from the inside out. */
export function* callsGivenAround(node: Node): Iterable<Call> {
  for (const fn of enclosingFunctions(node)) {
    const { parent } = outer(fn);
    if (isCall(parent) && bare(parent.callee) !== fn) yield parent;
  }
}

/** The closest statement around a node, within its function. */
export function statementOf(node: Node): Node {
  let at = node;
  while (at.parent && !/Statement$|Declaration$|^Program$|^StaticBlock$/.test(at.type)) {
    at = at.parent;
  }
  return at;
}

export function isInside(node: Node, ancestor: Node): boolean {
  return node.range[0] >= ancestor.range[0] && node.range[1] <= ancestor.range[1];
}

export type Refuge = 'finally' | 'catch';

/** Whether a node runs in a `finally` or a `catch` of its function. */
export function refugeOf(node: Node): Refuge | undefined {
  for (let at: Node = node; at.parent && !isFunction(at); at = at.parent) {
    if (at.parent.type === 'TryStatement' && at.parent.finalizer === at) return 'finally';
    if (at.parent.type === 'CatchClause' && at.parent.body === at) return 'catch';
  }
  return undefined;
}
