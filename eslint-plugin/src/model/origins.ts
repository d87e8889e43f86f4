/**
 * Where does a value come from: which export of which module, or which member of a test context?
 * Follows imports, `require` and constants; a value that may be another thing is not followed.
 */
import { isBuiltin } from 'node:module';
import type { TSESTree } from '@typescript-eslint/utils';
import {
  bare,
  isFunction,
  nameOf,
  textOf,
  type FunctionNode,
  type Identifier,
  type Node,
} from './ast.ts';
import type { Project } from './project/project.ts';
import { testFunctionAt } from './test-api.ts';
import type { Variable, Variables } from './variables.ts';

export interface ModuleOrigin {
  readonly from: 'module';
  readonly module: string;
  readonly path: readonly string[];
}

export type Origin =
  | ModuleOrigin
  /** A member of the context that `owner` takes as a parameter. */
  | { readonly from: 'context'; readonly owner: FunctionNode; readonly path: readonly string[] }
  | { readonly from: 'global'; readonly path: readonly string[] };

export type OriginOf = (node: Node) => Origin | undefined;

/** Whether a function takes the test context as this parameter. */
export type TakesContext = (fn: FunctionNode, parameter: number) => boolean;

/** What every call of a function gives to this parameter; undefined when not all calls are seen. */
export type GivenTo = (fn: FunctionNode, parameter: number) => readonly Node[] | undefined;

/** One name per module: `http` for `node:http`; `node:test` stays, `test` is another package. */
export function canonicalModule(specifier: string): string {
  if (!specifier.startsWith('node:')) return specifier;
  const name = specifier.slice('node:'.length);
  return isBuiltin(name) ? name : specifier;
}

/** The export's name; `default` where the module itself is meant. */
export function exportNameOf(origin: Origin): string {
  if (origin.path.length <= 1) return origin.path[0] ?? 'default';
  return origin.path.filter((name) => name !== 'default').join('.') || 'default';
}

export function isExport(origin: Origin | undefined, module: string, name: string): boolean {
  return origin?.from === 'module' && origin.module === module && exportNameOf(origin) === name;
}

/** `process.env` or a variable of it. */
export function isOfEnvironment(origin: Origin | undefined): boolean {
  return origin?.from === 'module' && origin.module === 'process' && origin.path[0] === 'env';
}

export function readOrigins(
  variables: Variables,
  isTestModule: (module: string) => boolean,
  takesContext: TakesContext,
  givenTo: GivenTo,
  project: Project,
): OriginOf {
  const known = new Map<Variable, Origin | undefined>();
  const required = new Map<Node, Origin | undefined>();
  const beingRead = new Set<Variable>();

  function originOf(node: Node): Origin | undefined {
    const value = bare(node);
    switch (value.type) {
      case 'Identifier':
        return originOfIdentifier(value);
      case 'MemberExpression': {
        const object = originOf(value.object);
        const name = object && nameOf(value);
        return name === undefined ? undefined : memberOf(object, [name]);
      }
      case 'AwaitExpression': {
        const awaited = bare(value.argument);
        return awaited.type === 'ImportExpression'
          ? moduleNamed(textOf(awaited.source))
          : undefined;
      }
      case 'CallExpression':
        return originOfCall(value);
      case 'ConditionalExpression':
        return eitherTestFunction(originOf(value.consequent), originOf(value.alternate));
      default:
        return undefined;
    }
  }

  /** What `require` answers. Noted before it is known: `const a = a()` calls itself. */
  function originOfCall(call: TSESTree.CallExpression): Origin | undefined {
    if (!required.has(call)) {
      required.set(call, undefined);
      if (isRequire(call.callee)) required.set(call, moduleNamed(textOf(call.arguments[0])));
    }
    return required.get(call);
  }

  function originOfIdentifier(node: Identifier): Origin | undefined {
    const variable = variables.of(node);
    if (!variable) return globalNamed(node.name);
    if (known.has(variable)) return known.get(variable);
    return differsByPlace(variables, variable)
      ? originOfWritten(variable, node)
      : originOfConstant(variable, node);
  }

  /** A parameter that differs by where it is read; one that is given to its own function is not known. */
  function originOfWritten(variable: Variable, node: Node): Origin | undefined {
    if (beingRead.has(variable)) return undefined;
    beingRead.add(variable);
    const origin = originOfParameter(variable, node);
    beingRead.delete(variable);
    return origin;
  }

  /** What is the same wherever it is read. */
  function originOfConstant(variable: Variable, node: Node): Origin | undefined {
    known.set(variable, undefined);
    const origin = isParameter(variable)
      ? originOfParameter(variable, node)
      : originOfVariable(variable);
    known.set(variable, origin);
    return origin;
  }

  function originOfVariable(variable: Variable): Origin | undefined {
    const [definition] = variable.defs;
    if (!definition || variable.defs.length !== 1) return undefined;
    const given = variables.values(variable);
    if (definition.type === 'ImportBinding') return originOfImport(definition.node);
    const [value] = given ?? [];
    return value && given?.length === 1
      ? memberOf(originOf(value.expression), value.path)
      : undefined;
  }

  /** A parameter is the context until it is written: `t = tspl(t)` makes it something else. */
  function originOfParameter(variable: Variable, at: Node): Origin | undefined {
    const owner = variable.defs[0]?.node;
    if (!owner || !isFunction(owner)) return undefined;
    const written = variables.references(variable).find((reference) => reference.isWrite());
    if (written && at.range[0] > written.identifier.range[1]) {
      const assigned = written.writeExpr;
      if (!assigned || at.range[0] > assigned.range[1]) return undefined;
    }
    const declared = variable.identifiers[0];
    const index = owner.params.findIndex((parameter) => parameter === declared);
    if (index >= 0) {
      return takesContext(owner, index)
        ? { from: 'context', owner, path: [] }
        : originOfArgument(owner, index);
    }
    const [first] = owner.params;
    const property = declared?.parent;
    return property?.type === 'Property' && property.parent === first && takesContext(owner, 0)
      ? { from: 'context', owner, path: [nameOf(property) ?? ''] }
      : undefined;
  }

  /** `define(test)`: in a helper with one caller, the parameter is what that caller gives. */
  function originOfArgument(owner: FunctionNode, index: number): Origin | undefined {
    const given = givenTo(owner, index);
    const [argument] = given ?? [];
    return argument && given?.length === 1 ? originOf(argument) : undefined;
  }

  function isRequire(callee: Node): boolean {
    const called = bare(callee);
    if (variables.isGlobal(called, 'require')) return true;
    if (isExport(originOf(called), 'process', 'getBuiltinModule')) return true;
    const maker = onlyValueOf(called) ?? called;
    return (
      maker.type === 'CallExpression' && isExport(originOf(maker.callee), 'module', 'createRequire')
    );
  }

  function onlyValueOf(node: Node): Node | undefined {
    const variable = variables.of(node);
    const value = variable && !isParameter(variable) ? variables.onlyValue(variable) : undefined;
    return value && bare(value);
  }

  /** `url ? describe : describe.skip` is a suite either way. */
  function eitherTestFunction(a: Origin | undefined, b: Origin | undefined): Origin | undefined {
    if (a?.from !== 'module' || b?.from !== 'module') return undefined;
    if (!isTestModule(a.module) || !isTestModule(b.module)) return undefined;
    const [one, other] = [testFunctionAt(a.path), testFunctionAt(b.path)];
    return one && other && one.is === other.is && one.is !== 'hook' ? a : undefined;
  }

  return (node) => {
    const origin = originOf(node);
    return origin?.from === 'module' ? project.settle(origin) : origin;
  };
}

function originOfImport(node: Node): Origin | undefined {
  switch (node.type) {
    case 'ImportSpecifier':
      return memberOf(moduleNamed(sourceOf(node.parent)), [
        node.imported.type === 'Identifier' ? node.imported.name : node.imported.value,
      ]);
    case 'ImportDefaultSpecifier':
      return memberOf(moduleNamed(sourceOf(node.parent)), ['default']);
    case 'ImportNamespaceSpecifier':
      return moduleNamed(sourceOf(node.parent));
    case 'TSImportEqualsDeclaration':
      return node.moduleReference.type === 'TSExternalModuleReference'
        ? moduleNamed(textOf(node.moduleReference.expression))
        : undefined;
    default:
      return undefined;
  }
}

function sourceOf(node: Node): string | undefined {
  return node.type === 'ImportDeclaration' ? node.source.value : undefined;
}

function moduleNamed(specifier: string | undefined): Origin | undefined {
  return specifier === undefined
    ? undefined
    : { from: 'module', module: canonicalModule(specifier), path: [] };
}

/** `process` is a module too, so that both ways to it are one. */
function globalNamed(name: string): Origin {
  if (name === 'process') return { from: 'module', module: 'process', path: [] };
  return { from: 'global', path: name === 'globalThis' || name === 'global' ? [] : [name] };
}

function memberOf(origin: Origin | undefined, names: readonly string[]): Origin | undefined {
  if (!origin || names.includes('')) return undefined;
  if (origin.from === 'global' && origin.path.length === 0 && names[0] === 'process') {
    return memberOf(globalNamed('process'), names.slice(1));
  }
  return names.length === 0 ? origin : { ...origin, path: [...origin.path, ...names] };
}

/** Whether what a variable is depends on where it is read: a parameter that is written. */
export function differsByPlace(variables: Variables, variable: Variable): boolean {
  return (
    isParameter(variable) && variables.references(variable).some((reference) => reference.isWrite())
  );
}

function isParameter(variable: Variable): boolean {
  return variable.defs[0]?.type === 'Parameter';
}
