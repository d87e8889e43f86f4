/**
 * Objects of the project's own classes: what a `new` of a class acquires with its fields, and which of
 * its methods ends that. Reads the class alone; where its objects are made is not asked here.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import {
  bare,
  enclosingFunction,
  enclosingFunctions,
  isFunction,
  nameOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import { asKind, type Knowledge } from './knowledge.ts';
import { within, type Tree } from './tree.ts';
import { isNothing, type Variables } from './variables.ts';

export type ClassNode = TSESTree.ClassDeclaration | TSESTree.ClassExpression;

/** What an object of a class is, when it acquires a resource and has a method that ends it. */
export type InstanceOf = (cls: ClassNode) => Knowledge | undefined;

/** A field, the resource that it is given and the method that does so. */
interface Field {
  readonly name: string;
  readonly resource: Knowledge;
  readonly made: Call;
  readonly by: string;
}

const CONSTRUCTOR = 'constructor';

export function isClass(node: Node | undefined): node is ClassNode {
  return node?.type === 'ClassDeclaration' || node?.type === 'ClassExpression';
}

export function readInstances(
  tree: Tree,
  variables: Variables,
  madeBy: (value: Node) => { readonly made: Call; readonly resource: Knowledge } | undefined,
): InstanceOf {
  const known = new Map<ClassNode, Knowledge | undefined>();

  return function instanceOf(cls) {
    if (!known.has(cls)) {
      known.set(cls, undefined);
      known.set(cls, readInstance(cls));
    }
    return known.get(cls);
  };

  function readInstance(cls: ClassNode): Knowledge | undefined {
    // Whoever registers a hook for itself is nobody else's to end.
    const [hook] = within(tree.callsNamed('after', 'afterEach'), cls);
    if (hook) return undefined;
    const held = fieldsOf(cls).flatMap((field) => heldBy(cls, field) ?? []);
    return held.find(({ kind }) => kind === 'pool') ?? held[0];
  }

  function fieldsOf(cls: ClassNode): Field[] {
    const fields: Field[] = [];
    const shared = new Set<string>();
    function give(name: string, value: Node, by: string): void {
      const found = madeBy(value);
      if (found) fields.push({ name, by, ...found });
      else if (!isNothing(variables, value)) shared.add(name);
    }
    for (const member of cls.body.body) {
      if (member.type !== 'PropertyDefinition' || member.static || !member.value) continue;
      const name = nameOfKey(member);
      if (name !== undefined) give(name, member.value, CONSTRUCTOR);
    }
    for (const { left, right, operator } of within(tree.assignments, cls.body)) {
      const [name, ...deeper] = pathFromThis(left) ?? [];
      const by = methodAround(left, cls);
      if (name !== undefined && deeper.length === 0 && operator === '=' && by)
        give(name, right, by);
    }
    return fields.filter(({ name }) => !shared.has(name));
  }

  function heldBy(cls: ClassNode, field: Field): Knowledge | undefined {
    const { resource, name, by } = field;
    const ends = methodsThatCall(cls, name, resource.releasedBy);
    const openers = methodsThatCall(cls, name, resource.openedBy);
    if (ends.length === 0 || (resource.openedBy.length > 0 && openers.length === 0)) {
      return undefined;
    }
    const opening = new Set([by, ...openers].filter((method) => method !== CONSTRUCTOR));
    const atOnce = ends.filter((method) => !answers(cls, method));
    const instance: Knowledge = {
      kind: resource.kind,
      releasedBy: ends,
      asynchronous: atOnce.length < ends.length,
      releasedAtOnceBy: atOnce,
      openedBy: openers.includes(CONSTRUCTOR) ? [] : [...opening],
      keepsAliveOnce:
        resource.keepsAliveOnce && methodsThatCall(cls, name, resource.keepsAliveOnce),
      lends: [],
      row: undefined,
      ofProject: true,
    };
    return isToldWhere(field) ? asKind(instance, 'connection') : instance;
  }

  /** The methods in which one of these is called on the field. */
  function methodsThatCall(cls: ClassNode, field: string, paths: readonly string[]): string[] {
    const methods = new Set<string>();
    const names = paths.map((path) => path.slice(path.lastIndexOf('.') + 1));
    for (const call of within(tree.callsNamed(...names), cls.body)) {
      const [name, ...path] = pathFromThis(call.callee) ?? [];
      const method = methodAround(call, cls);
      if (name === field && paths.includes(path.join('.')) && method) methods.add(method);
    }
    return [...methods];
  }

  /** Whether a method answers a promise, as far as it answers anything. */
  function answers(cls: ClassNode, name: string): boolean {
    return cls.body.body.some((member) => {
      const fn = nameOfKey(member) === name ? functionOf(member) : undefined;
      if (!fn) return false;
      if (fn.async || fn.body.type !== 'BlockStatement') return true;
      for (const { argument, parent } of within(tree.returns, fn.body)) {
        if (argument && enclosingFunction(parent) === fn) return true;
      }
      return false;
    });
  }

  /** A pool that is told where to connect by what the constructor is given may be of a database of its own. */
  function isToldWhere({ made, resource: { kind } }: Field): boolean {
    if (kind !== 'pool') return false;
    return made.arguments.some((argument) =>
      [...variables.referringIn(argument)].some((identifier) =>
        variables.of(identifier)?.defs.some(({ type }) => type === 'Parameter'),
      ),
    );
  }
}

/** `['pool', 'end']` for `this.pool.end`. */
function pathFromThis(node: Node): string[] | undefined {
  const path: string[] = [];
  for (let at = bare(node); at.type === 'MemberExpression'; at = bare(at.object)) {
    const name = at.property.type === 'PrivateIdentifier' ? `#${at.property.name}` : nameOf(at);
    if (name === undefined) return undefined;
    path.unshift(name);
    if (at.object.type === 'ThisExpression') return path;
  }
  return undefined;
}

/** The method of the class whose `this` a node has. */
function methodAround(node: Node, cls: ClassNode): string | undefined {
  for (const fn of enclosingFunctions(node)) {
    const { parent } = fn;
    if (parent.type === 'MethodDefinition' || parent.type === 'PropertyDefinition') {
      return parent.parent.parent === cls && !parent.static ? nameOfKey(parent) : undefined;
    }
    if (fn.type !== 'ArrowFunctionExpression') return undefined;
  }
  return undefined;
}

function functionOf(member: Node): FunctionNode | undefined {
  if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') return undefined;
  return isFunction(member.value) ? member.value : undefined;
}

function nameOfKey(member: Node): string | undefined {
  if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') return undefined;
  const { key, computed } = member;
  if (computed) return undefined;
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  return key.type === 'Identifier' ? key.name : undefined;
}
