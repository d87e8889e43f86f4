/**
 * What the table does not know, but the test itself treats as a resource: made in its body, and
 * ended there by an awaited `close()` or the like. Asks no module what it is.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import { isBuiltin } from 'node:module';
import {
  bare,
  calledName,
  isFunction,
  methodCallOn,
  nameOf,
  outer,
  outerAwaited,
  refugeOf,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Frames } from './frames.ts';
import { CALLED, type Knowledge } from './knowledge.ts';
import type { OriginOf } from './origins.ts';
import { within, type Tree } from './tree.ts';
import type { Variable, Variables } from './variables.ts';

const ENDS = [
  'close',
  'stop',
  'end',
  'destroy',
  'dispose',
  'shutdown',
  'disconnect',
  'terminate',
  'teardown',
];

const CLOSABLES = new Map(ENDS.map((method) => [method, endedBy(method)]));
const CLOSED_BY_CALL = endedBy(CALLED);

function endedBy(method: string): Knowledge {
  return {
    kind: 'closable',
    releasedBy: [method],
    asynchronous: true,
    releasedAtOnceBy: [],
    openedBy: [],
    keepsAliveOnce: undefined,
    lends: [],
    row: undefined,
  };
}

/** Whether a method of this name ends any of them. */
export function mayEnd(method: string): boolean {
  return CLOSABLES.has(method);
}

export interface Closable {
  readonly resource: Knowledge;
  /** Where what the call answers is taken apart: the part that the test ends, or ends all with. */
  readonly part?: Variable;
}

export type ClosableOf = (call: Call) => Closable | undefined;

export function readClosables(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
): ClosableOf {
  let ended: ReadonlySet<Variable> | undefined;

  return function closableOf(call) {
    const target = targetOf(call);
    const variable = target && variables.of(target);
    if (!target || !(variable ? isEnded(variable) : mayHaveEnd(target))) return undefined;
    if (frames.frameOf(call).is !== 'test') return undefined;
    const closable = variable ? closableIn(variable) : partOf(target);
    return closable && isMaker(call) && !call.arguments.some(knowsTest) ? closable : undefined;
  };

  function closableIn(variable: Variable): Closable | undefined {
    const ending = endingOf(variable);
    const resource = ending === undefined ? undefined : CLOSABLES.get(ending);
    return resource && { resource };
  }

  /** `const { server, close } = await start()`: where no other part is ended on every path. */
  function partOf(pattern: Node): Closable | undefined {
    if (pattern.type !== 'ObjectPattern') return undefined;
    const parts = pattern.properties.flatMap((property) => {
      const variable = property.type === 'Property' ? variables.of(property.value) : undefined;
      const name = property.type === 'Property' ? nameOf(property) : undefined;
      return variable ? [{ variable, name }] : [];
    });
    if (parts.some(({ variable }) => isInTeardown(variable))) return undefined;
    for (const { variable, name } of parts) {
      const part =
        name !== undefined && CLOSABLES.has(name) && isCalledToEnd(variable)
          ? { resource: CLOSED_BY_CALL }
          : closableIn(variable);
      if (part) return { ...part, part: variable };
    }
    return undefined;
  }

  function isInTeardown(variable: Variable): boolean {
    return variables.references(variable).some(({ identifier }) => {
      const frame = frames.frameOf(identifier);
      return (
        (frame.is === 'hook' && frame.hook.startsWith('after')) ||
        refugeOf(identifier) === 'finally'
      );
    });
  }

  /** `await close()`, of whose answer nothing is asked. */
  function isCalledToEnd(variable: Variable): boolean {
    const calls = variables.references(variable).flatMap(({ identifier }) => {
      const { parent } = outer(identifier);
      return parent?.type === 'CallExpression' && parent.callee === identifier
        ? [awaitOf(parent)]
        : [];
    });
    return calls.length > 0 && calls.every((each) => each?.parent.type === 'ExpressionStatement');
  }

  function targetOf(call: Call): Node | undefined {
    const { parent } = outerAwaited(call);
    if (parent?.type === 'VariableDeclarator') return parent.id;
    return parent?.type === 'AssignmentExpression' ? parent.left : undefined;
  }

  /** Asked first, because most files end little: what else becomes of a variable is of no interest then. */
  function isEnded(variable: Variable): boolean {
    ended ??= endedVariables();
    return ended.has(variable);
  }

  /** `{ server, close }`, and any pattern with a part that is ended. */
  function mayHaveEnd(pattern: Node): boolean {
    return (
      pattern.type === 'ObjectPattern' &&
      pattern.properties.some((property) => {
        if (property.type !== 'Property') return false;
        const variable = variables.of(property.value);
        return variable && (isEnded(variable) || CLOSABLES.has(nameOf(property) ?? ''));
      })
    );
  }

  function endedVariables(): ReadonlySet<Variable> {
    const found = new Set<Variable>();
    for (const { callee } of tree.callsNamed(...ENDS)) {
      const method = bare(callee);
      const variable = method.type === 'MemberExpression' && variables.of(bare(method.object));
      if (variable) found.add(variable);
    }
    return found;
  }

  /** The method by which it is ended, where that is awaited for nothing but that it has ended. */
  function endingOf(variable: Variable): string | undefined {
    const endings = variables.references(variable).flatMap(({ identifier }) => {
      const method = methodCallOn(identifier);
      const awaited = method && CLOSABLES.has(method.name) && awaitOf(method.call);
      return awaited ? [{ method: method.name, awaited }] : [];
    });
    // What it answers is looked at: ending it is what the test is about.
    const isAct = endings.some(({ awaited }) => awaited.parent.type !== 'ExpressionStatement');
    return isAct ? undefined : endings[0]?.method;
  }

  /** An import of another module, or a class or function of this file that registers nothing itself. */
  function isMaker(call: Call): boolean {
    const callee = bare(call.callee);
    if (IN_MEMORY.test(calledName(call) ?? '')) return false;
    const fn = frames.calleeOf(call);
    if (fn) return !fn.params.some((_, index) => frames.takesContext(fn, index)) && !registers(fn);
    if (variables.of(callee)?.defs[0]?.type === 'ClassName') return true;
    const origin = originOf(callee);
    return origin?.from === 'module' && !isBuiltin(origin.module);
  }

  function registers(fn: FunctionNode): boolean {
    for (const call of within(tree.calls, fn)) if (frames.testCallOf(call)) return true;
    return false;
  }

  /** Whoever has the context, or a list of what to do at the end, may register the release. */
  function knowsTest(argument: Node): boolean {
    const value = bare(argument);
    if (value.type === 'ObjectExpression') {
      return value.properties.some((each) => each.type === 'Property' && knowsTest(each.value));
    }
    return !isFunction(value) && originOf(value)?.from === 'context';
  }
}

/** What is in memory alone leaves nothing behind: `new MemoryStore()`, `createInMemoryCache()`. */
const IN_MEMORY = /(?:^|[a-z])Memory|^memory/;

function awaitOf(call: TSESTree.CallExpression): TSESTree.AwaitExpression | undefined {
  const { parent } = outer(call);
  // `list.end(1)` may add, `queue.stop({ force: true })` is told how to end.
  const isToldHow = call.arguments.every((argument) => argument.type === 'ObjectExpression');
  return isToldHow && parent?.type === 'AwaitExpression' ? parent : undefined;
}
