/**
 * Which variable is this identifier, and what is it ever given? Reads the scope manager once, so
 * that a look-up is one step, and does not care whether the parser's globals were declared.
 */
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import {
  bare,
  isFunction,
  nameOf,
  propertyOf as propertyNamed,
  textOf,
  type FunctionNode,
  type Identifier,
  type Node,
} from './ast.ts';
import { once } from './once.ts';
import { inOrder, within } from './tree.ts';

export type Variable = TSESLint.Scope.Variable;
export type Reference = TSESLint.Scope.Reference;

export interface Variables {
  /** The variable an identifier declares or refers to; a global has none. */
  of(node: Node): Variable | undefined;
  references(variable: Variable): readonly Reference[];
  /** The identifiers of this name, as declarations or references, in the order of the text. */
  named(name: string): readonly Node[];
  /** The identifiers that refer to something within a node, in the order of the text. */
  referringIn(node: Node): Iterable<Node>;
  /** Whether a node is a free identifier of this name: nothing in the file declares it. */
  isGlobal(node: Node, name?: string): node is Identifier;
  /** The expressions a variable is ever given, as far as they stand alone (no patterns, no `+=`). */
  values(variable: Variable): readonly Value[] | undefined;
  /** The one expression that a variable is ever given. */
  onlyValue(variable: Variable): Node | undefined;
  /** The one expression that the variable of this identifier is ever given; a parameter has none. */
  constantOf(node: Node): Node | undefined;
  /** What a property of a constant object literal is given there: `context.pool`. */
  heldAt(member: TSESTree.MemberExpression): Node | undefined;
  /** The property a member expression names, by itself or through a constant: `env.X`, `env[X]`. */
  propertyOf(member: TSESTree.MemberExpression): string | undefined;
  /** The function that a variable always is. */
  functionOf(variable: Variable): FunctionNode | undefined;
}

/** What a variable is given: an expression, and the way from it through a destructuring pattern. */
export interface Value {
  readonly expression: Node;
  readonly path: readonly string[];
}

export function readVariables(scopes: TSESLint.Scope.ScopeManager): Variables {
  const byIdentifier = new Map<Node, Variable>();
  /** References to globals of the file that the scope manager leaves open. */
  const unresolved = new Map<Variable, Reference[]>();
  const valuesOf = new Map<Variable, readonly Value[] | undefined>();
  const identifiersOf = new Map<string, readonly Node[]>();
  const sorted = new Set<string>();
  const names = once(() => readNames(scopes));
  let referring: readonly Node[] | undefined;

  /** Sorts what has this name by its identifiers: a file has more names than anybody asks for. */
  function sortOut(name: string): void {
    if (sorted.has(name)) return;
    sorted.add(name);
    const { declared, open } = names();
    for (const variable of declared.get(name) ?? []) {
      for (const identifier of variable.identifiers) byIdentifier.set(identifier, variable);
      if (variable.defs.length === 0) continue;
      for (const { identifier } of variable.references) byIdentifier.set(identifier, variable);
    }
    const global = scopes.globalScope?.set.get(name);
    if (!global || global.defs.length === 0) return;
    for (const reference of open.get(name) ?? []) {
      byIdentifier.set(reference.identifier, global);
      add(unresolved, global, reference);
    }
  }

  function named(name: string): readonly Node[] {
    const known = identifiersOf.get(name);
    if (known) return known;
    const declared = (names().declared.get(name) ?? []).flatMap((variable): Node[] => [
      ...variable.identifiers,
      ...variable.references.map(({ identifier }) => identifier),
    ]);
    const open = (names().open.get(name) ?? []).map(({ identifier }): Node => identifier);
    const found = [...declared, ...open].sort(inOrder);
    identifiersOf.set(name, found);
    return found;
  }

  function references(variable: Variable): readonly Reference[] {
    sortOut(variable.name);
    const others = unresolved.get(variable);
    return others ? [...new Set([...variable.references, ...others])] : variable.references;
  }

  function referringIn(node: Node): Iterable<Node> {
    referring ??= scopes.scopes
      .flatMap((scope) => scope.references.map(({ identifier }) => identifier))
      .sort(inOrder);
    return within(referring, node);
  }

  function of(node: Node): Variable | undefined {
    if (node.type !== 'Identifier' && node.type !== 'JSXIdentifier') return undefined;
    const known = byIdentifier.get(node);
    if (known) return known;
    sortOut(node.name);
    return byIdentifier.get(node);
  }

  function values(variable: Variable): readonly Value[] | undefined {
    if (!valuesOf.has(variable)) valuesOf.set(variable, readValues(variable));
    return valuesOf.get(variable);
  }

  function readValues(variable: Variable): Value[] | undefined {
    const given: Value[] = [];
    for (const reference of references(variable)) {
      if (!reference.isWrite()) continue;
      const value = valueWrittenAt(reference.identifier);
      if (!value) return undefined;
      given.push(value);
    }
    return given;
  }

  function onlyValue(variable: Variable): Node | undefined {
    const given = values(variable);
    const [value] = given ?? [];
    return given?.length === 1 && value?.path.length === 0 ? value.expression : undefined;
  }

  function constantOf(node: Node): Node | undefined {
    const variable = of(node);
    if (variable?.defs.length !== 1 || variable.defs[0]?.type !== 'Variable') return undefined;
    const value = onlyValue(variable);
    return value && bare(value);
  }

  function propertyOf(member: TSESTree.MemberExpression): string | undefined {
    return nameOf(member) ?? (member.computed ? textOf(constantOf(member.property)) : undefined);
  }

  function heldAt(member: TSESTree.MemberExpression): Node | undefined {
    const object = constantOf(bare(member.object));
    const name = object?.type === 'ObjectExpression' ? propertyOf(member) : undefined;
    return name === undefined ? undefined : propertyNamed(object, name)?.value;
  }

  function functionOf(variable: Variable): FunctionNode | undefined {
    const [definition] = variable.defs;
    if (variable.defs.length !== 1 || !definition) return undefined;
    if (definition.type === 'FunctionName' && isFunction(definition.node)) {
      return values(variable)?.length === 0 ? definition.node : undefined;
    }
    const value = onlyValue(variable);
    return isFunction(value) ? value : undefined;
  }

  return {
    of,
    references,
    named,
    referringIn,
    isGlobal: (node, name): node is Identifier =>
      node.type === 'Identifier' &&
      (name === undefined || node.name === name) &&
      of(node) === undefined,
    values,
    onlyValue,
    constantOf,
    heldAt,
    propertyOf,
    functionOf,
  };
}

/** What the file declares and what it leaves open, by name. */
interface Names {
  readonly declared: ReadonlyMap<string, readonly Variable[]>;
  readonly open: ReadonlyMap<string, readonly Reference[]>;
}

function readNames({ scopes, globalScope }: TSESLint.Scope.ScopeManager): Names {
  const declared = new Map<string, Variable[]>();
  const open = new Map<string, Reference[]>();
  for (const scope of scopes) {
    for (const variable of scope.variables) {
      if (variable.identifiers.length > 0) add(declared, variable.name, variable);
    }
  }
  for (const reference of globalScope?.through ?? []) {
    add(open, reference.identifier.name, reference);
  }
  return { declared, open };
}

function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** What the identifier is given where it is written; undefined when that is not one expression. */
function valueWrittenAt(identifier: Node): Value | undefined {
  const path: string[] = [];
  for (let at = identifier; at.parent; at = at.parent) {
    const { parent } = at;
    switch (parent.type) {
      case 'Property':
        if (parent.value !== at || parent.computed) return undefined;
        path.unshift(parent.key.type === 'Identifier' ? parent.key.name : '');
        break;
      case 'ObjectPattern':
        break;
      case 'VariableDeclarator':
        return parent.init ? { expression: parent.init, path } : undefined;
      case 'AssignmentExpression':
        return parent.operator === '=' && parent.left === at
          ? { expression: parent.right, path }
          : undefined;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** `null` or `undefined`, as they are written. */
export function isNothing(variables: Variables, node: Node): boolean {
  const value = bare(node);
  return (
    (value.type === 'Literal' && value.value === null) || variables.isGlobal(value, 'undefined')
  );
}

/** Whether a value was made by `new AsyncDisposableStack()`, or by its synchronous sibling. */
export function isDisposableStack(variables: Variables, node: Node): boolean {
  const variable = variables.of(bare(node));
  const [value] = (variable && variables.values(variable)) ?? [];
  const made = value && bare(value.expression);
  return (
    made?.type === 'NewExpression' &&
    ['AsyncDisposableStack', 'DisposableStack'].some((name) =>
      variables.isGlobal(made.callee, name),
    )
  );
}
