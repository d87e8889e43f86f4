/**
 * Which scope runs a node: the file, a suite, a test, a hook, or a helper that others call. A hook
 * belongs to the scope it is called in, so `after` in a test body belongs to that test.
 */
import type { Scope } from '@savepoint/catalogue';
import {
  bare,
  enclosingFunction,
  isCall,
  isFunction,
  lastNameOf,
  methodCallOn,
  outer,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Origin, OriginOf } from './origins.ts';
import {
  CONTEXT_NAMES,
  contextFunctionAt,
  mayBeTestFunction,
  testFunctionAt,
  type HookName,
  type TestFunction,
} from './test-api.ts';
import type { Variables } from './variables.ts';

/** A call of a `node:test` function. */
export interface TestCall {
  readonly what: TestFunction;
  readonly call: Call;
  readonly callback: FunctionNode | undefined;
  /** The function whose context the call was made on; none for an import. */
  readonly owner: FunctionNode | undefined;
}

export type Frame =
  | { readonly is: 'file' }
  | { readonly is: 'suite' | 'test'; readonly fn: FunctionNode; readonly call: TestCall }
  | {
      readonly is: 'hook';
      readonly fn: FunctionNode;
      readonly call: TestCall;
      readonly hook: HookName;
    }
  | { readonly is: 'helper'; readonly fn: FunctionNode };

/** How a function of the file is used, where it is named. */
export type Use =
  | { readonly is: 'called'; readonly call: Call }
  | { readonly is: 'callback'; readonly frame: Frame }
  | { readonly is: 'escape' };

export interface Frames {
  testCallOf(node: Node): TestCall | undefined;
  /** Which function of `node:test` a value of this origin is. */
  testFunctionOf(from: Origin): TestFunction | undefined;
  frameOf(node: Node): Frame;
  frameOfFunction(fn: FunctionNode): Frame | undefined;
  scopeOf(frame: Frame): Scope | undefined;
  /** The frame whose end a hook waits for. */
  servedBy(call: TestCall): Frame;
  usesOf(fn: FunctionNode): readonly Use[];
  /** The function a call runs, when it is one of this file's. */
  calleeOf(call: Call): FunctionNode | undefined;
  readonly takesContext: (fn: FunctionNode, parameter: number) => boolean;
  /** What every call of a function gives to this parameter; undefined when not all calls are seen. */
  readonly givenTo: (fn: FunctionNode, parameter: number) => readonly Node[] | undefined;
}

const FILE: Frame = { is: 'file' };

export function readFrames(
  variables: Variables,
  isTestModule: (module: string) => boolean,
  origin: { readonly of: OriginOf },
): Frames {
  const testCalls = new Map<Node, TestCall | undefined>();
  const frames = new Map<FunctionNode, Frame | undefined>();
  const contexts = new Map<FunctionNode, number | undefined>();
  const scopes = new Map<FunctionNode, Scope | undefined>();
  const uses = new Map<FunctionNode, readonly Use[]>();
  /** How many calls are being read: until they are, how a function is used may seem otherwise. */
  let unsettled = 0;

  function testCallOf(node: Node): TestCall | undefined {
    if (node.type !== 'CallExpression' || !mayBeTestFunction(lastNameOf(node))) return undefined;
    if (!testCalls.has(node)) {
      testCalls.set(node, undefined);
      unsettled++;
      testCalls.set(node, readTestCall(node));
      unsettled--;
    }
    return testCalls.get(node);
  }

  function readTestCall(call: Call): TestCall | undefined {
    const from = origin.of(call.callee);
    const what = from && testFunctionOf(from);
    if (!from || !what) return undefined;
    const owner = from.from === 'context' ? from.owner : undefined;
    return { what, call, callback: callbackOf(what, call), owner };
  }

  function testFunctionOf(from: Origin): TestFunction | undefined {
    if (from.from === 'context') return contextFunctionAt(from.path);
    return from.from === 'module' && isTestModule(from.module)
      ? testFunctionAt(from.path)
      : undefined;
  }

  function callbackOf(what: TestFunction, call: Call): FunctionNode | undefined {
    const candidates = what.is === 'hook' ? call.arguments.slice(0, 1) : call.arguments;
    for (const candidate of candidates) {
      const fn = functionIn(candidate);
      if (fn) return fn;
    }
    return undefined;
  }

  function functionIn(node: Node): FunctionNode | undefined {
    const value = bare(node);
    if (isFunction(value)) return value;
    const variable = value.type === 'Identifier' ? variables.of(value) : undefined;
    return variable && variables.functionOf(variable);
  }

  function usesOf(fn: FunctionNode): readonly Use[] {
    const known = uses.get(fn);
    if (known) return known;
    const found = readUses(fn);
    if (unsettled === 0) uses.set(fn, found);
    return found;
  }

  function readUses(fn: FunctionNode): Use[] {
    const name = nameNodeOf(fn);
    const variable = name && variables.of(name);
    if (!variable || isExported(fn)) return [{ is: 'escape' }];
    return variables
      .references(variable)
      .filter((reference) => reference.isRead())
      .map(({ identifier }) => useAt(fn, identifier));
  }

  function useAt(fn: FunctionNode, identifier: Node): Use {
    const used = outer(identifier);
    const { parent } = used;
    if (!isCall(parent)) return { is: 'escape' };
    if (parent.callee === used) return { is: 'called', call: parent };
    const call = testCallOf(parent);
    return call ? { is: 'callback', frame: frameOfCallback(fn, call) } : { is: 'escape' };
  }

  function frameOf(node: Node): Frame {
    for (let fn = enclosingFunction(node); fn; fn = enclosingFunction(fn)) {
      const frame = frameOfFunction(fn);
      if (frame) return frame;
    }
    return FILE;
  }

  function frameOfFunction(fn: FunctionNode): Frame | undefined {
    if (!frames.has(fn)) {
      frames.set(fn, undefined);
      frames.set(fn, readFrame(fn));
    }
    return frames.get(fn);
  }

  /** The frame that a function is; undefined for a callback, which belongs to the function around it. */
  function readFrame(fn: FunctionNode): Frame | undefined {
    const { parent } = outer(fn);
    const inline = parent && testCallOf(parent);
    if (inline?.callback === fn) return frameOfCallback(fn, inline);
    if (isCall(parent)) return undefined;
    const all = usesOf(fn);
    const [only] = all;
    return all.length === 1 && only?.is === 'callback' ? only.frame : { is: 'helper', fn };
  }

  function frameOfCallback(fn: FunctionNode, call: TestCall): Frame {
    return call.what.is === 'hook'
      ? { is: 'hook', fn, call, hook: call.what.hook }
      : { is: call.what.is, fn, call };
  }

  function servedBy({ owner, call }: TestCall): Frame {
    const around = owner ? (frameOfFunction(owner) ?? frameOf(owner)) : frameOf(call);
    return around.is === 'hook' && !owner ? servedBy(around.call) : around;
  }

  function scopeOf(frame: Frame): Scope | undefined {
    switch (frame.is) {
      case 'file':
        return 'file';
      case 'suite':
        return 'suite';
      case 'test': {
        const around = servedBy(frame.call);
        return around.is === 'test' ? 'subtest' : 'test';
      }
      case 'hook': {
        const served = servedBy(frame.call);
        if (frame.hook === 'before' || frame.hook === 'after') return scopeOf(served);
        return served.is === 'test' ? 'subtest' : 'test';
      }
      case 'helper':
        return scopeOfHelper(frame.fn);
    }
  }

  /** A helper has the scope of its callers, where they agree; with a context it has that test's. */
  function scopeOfHelper(fn: FunctionNode): Scope | undefined {
    if (fn.params.some((_, index) => takesContext(fn, index))) return 'test';
    if (!scopes.has(fn)) {
      scopes.set(fn, undefined);
      const callers = usesOf(fn).map((use) => scopeOfUse(use));
      const [first] = callers;
      if (callers.every((scope) => scope === first)) scopes.set(fn, first);
    }
    return scopes.get(fn);
  }

  function scopeOfUse(use: Use): Scope | undefined {
    switch (use.is) {
      case 'called':
        return scopeOf(frameOf(use.call));
      case 'callback':
        return scopeOf(use.frame);
      case 'escape':
        return undefined;
    }
  }

  function takesContext(fn: FunctionNode, parameter: number): boolean {
    if (!contexts.has(fn)) {
      contexts.set(fn, undefined);
      contexts.set(fn, contextParameterOf(fn));
    }
    return contexts.get(fn) === parameter;
  }

  /** The index of the parameter that is the test context. */
  function contextParameterOf(fn: FunctionNode): number | undefined {
    const { parent } = outer(fn);
    const inline = parent && testCallOf(parent);
    if (inline) return inline.callback === fn && takesContextFrom(inline) ? 0 : undefined;
    const index = fn.params.findIndex(looksLikeContext);
    if (index >= 0) return index;
    for (const use of nameNodeOf(fn) ? usesOf(fn) : []) {
      if (use.is === 'callback') return use.frame.is === 'suite' ? undefined : 0;
      if (use.is !== 'called') continue;
      const given = use.call.arguments.findIndex((argument) => isContext(argument));
      if (given >= 0) return given;
    }
    return undefined;
  }

  function isContext(node: Node): boolean {
    const from = origin.of(node);
    return from?.from === 'context' && from.path.length === 0;
  }

  /** By its type, or by a conventional name together with a call only the context has. */
  function looksLikeContext(parameter: Node): boolean {
    if (parameter.type !== 'Identifier') return false;
    const type = parameter.typeAnnotation?.typeAnnotation;
    if (type?.type === 'TSTypeReference') {
      const { typeName } = type;
      const name = typeName.type === 'TSQualifiedName' ? typeName.right : typeName;
      return name.type === 'Identifier' && name.name === 'TestContext';
    }
    if (!CONTEXT_NAMES.has(parameter.name)) return false;
    const variable = variables.of(parameter);
    return (
      variable !== undefined &&
      variables
        .references(variable)
        .some(({ identifier }) => methodCallOn(identifier)?.name === 'after')
    );
  }

  function givenTo(fn: FunctionNode, parameter: number): Node[] | undefined {
    const given: Node[] = [];
    for (const use of usesOf(fn)) {
      const argument = use.is === 'called' ? use.call.arguments[parameter] : undefined;
      if (!argument) return undefined;
      given.push(argument);
    }
    return given;
  }

  function calleeOf(call: Call): FunctionNode | undefined {
    const callee = bare(call.callee);
    return functionIn(callee);
  }

  return {
    testCallOf,
    testFunctionOf,
    frameOf,
    frameOfFunction,
    scopeOf,
    servedBy,
    usesOf,
    calleeOf,
    takesContext,
    givenTo,
  };
}

/** Suites get a context without hooks; it is not followed. */
function takesContextFrom({ what }: TestCall): boolean {
  return what.is !== 'suite';
}

/** The identifier that names a function: its own, or the variable's it is given to at once. */
export function nameNodeOf(fn: FunctionNode): Node | undefined {
  if (fn.type === 'FunctionDeclaration') return fn.id ?? undefined;
  const { parent } = outer(fn);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id;
  return parent?.type === 'AssignmentExpression' && parent.left.type === 'Identifier'
    ? parent.left
    : undefined;
}

function isExported(fn: FunctionNode): boolean {
  const holder = fn.type === 'FunctionDeclaration' ? fn : outer(fn).parent?.parent;
  return /^Export/.test(holder?.parent?.type ?? '');
}
