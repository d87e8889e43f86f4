/**
 * What the table does not know, but the test itself treats as a resource: made in its body, and
 * ended there by an awaited `close()`, a `cleanup()` or the like. Asks no module what it is.
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
import { readStandIns } from './stand-ins.ts';
import { within, type Tree } from './tree.ts';
import type { Variable, Variables } from './variables.ts';

const ENDS = ['close', 'stop', 'end', 'destroy', 'dispose', 'shutdown', 'disconnect', 'terminate'];

/** Names that say by themselves that they put things in order, and may do so at once. */
const TIDIES = ['cleanup', 'cleanUp', 'teardown', 'tearDown', 'restore'];

/** The methods that end any of them. */
export const ENDINGS: readonly string[] = [...ENDS, ...TIDIES];

const CLOSABLES = new Map(ENDINGS.map((method) => [method, endedBy(method)]));
const TIDIED = new Map(TIDIES.map((method) => [method, atOnce(endedBy(method))]));
const CLOSED_BY_CALL = endedBy(CALLED);
const TIDIED_BY_CALL = atOnce(CLOSED_BY_CALL);

/** `restore`, `restoreEnv`, `cleanup`: a function that a test is given to undo what was done for it. */
const TIDIER = new RegExp(`^(?:${TIDIES.join('|')}|unmock|unstub|unpatch)(?:[A-Z]\\w*)?$`);

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

/** The same, ended without anything to wait for. */
function atOnce(resource: Knowledge): Knowledge {
  return { ...resource, asynchronous: false, releasedAtOnceBy: resource.releasedBy };
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
  const isStandIn = readStandIns(variables, originOf);
  let ended: ReadonlySet<Variable> | undefined;

  return function closableOf(call) {
    const target = targetOf(call);
    const variable = target && variables.of(target);
    if (!target || !(variable ? isEnded(variable) : mayHaveEnd(target))) return undefined;
    if (frames.frameOf(call).is !== 'test') return undefined;
    const closable = variable ? closableIn(variable) : partOf(target);
    if (!closable || !isMaker(call) || call.arguments.some(knowsTest)) return undefined;
    // What it is made of is in memory, and so is what it would leave behind.
    return call.arguments.some(isStandIn) ? undefined : closable;
  };

  function closableIn(variable: Variable): Closable | undefined {
    const resource = calledBy(variable, variable.name) ?? endingOf(variable);
    return resource && { resource };
  }

  /** `close`, `restoreEnv`: a function that is called for nothing but what its name says. */
  function calledBy(variable: Variable, name: string): Knowledge | undefined {
    const isTidier = TIDIER.test(name);
    if (!isTidier && !CLOSABLES.has(name)) return undefined;
    const calls = callsToEnd(variable);
    if (!calls) return undefined;
    if (calls.every((call) => awaitOf(call))) return CLOSED_BY_CALL;
    return isTidier ? TIDIED_BY_CALL : undefined;
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
      const called = name === undefined ? undefined : calledBy(variable, name);
      const part = called ? { resource: called } : closableIn(variable);
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

  /** `await close()`, `restore()`: all its calls, where nothing is asked of what they answer. */
  function callsToEnd(variable: Variable): TSESTree.CallExpression[] | undefined {
    const calls = variables.references(variable).flatMap(({ identifier }) => {
      const { parent } = outer(identifier);
      return parent?.type === 'CallExpression' && parent.callee === identifier ? [parent] : [];
    });
    return calls.length > 0 && calls.every(isStatement) ? calls : undefined;
  }

  function targetOf(call: Call): Node | undefined {
    const { parent } = outerAwaited(call);
    if (parent?.type === 'VariableDeclarator') return parent.id;
    return parent?.type === 'AssignmentExpression' ? parent.left : undefined;
  }

  /** Asked first, because most files end little: what else becomes of a variable is of no interest then. */
  function isEnded(variable: Variable): boolean {
    ended ??= endedVariables();
    return ended.has(variable) || TIDIER.test(variable.name);
  }

  /** `{ server, close }`, and any pattern with a part that is ended. */
  function mayHaveEnd(pattern: Node): boolean {
    return (
      pattern.type === 'ObjectPattern' &&
      pattern.properties.some((property) => {
        if (property.type !== 'Property') return false;
        const variable = variables.of(property.value);
        const name = nameOf(property) ?? '';
        return variable && (isEnded(variable) || CLOSABLES.has(name) || TIDIER.test(name));
      })
    );
  }

  function endedVariables(): ReadonlySet<Variable> {
    const found = new Set<Variable>();
    for (const { callee } of tree.callsNamed(...CLOSABLES.keys())) {
      const method = bare(callee);
      const variable = method.type === 'MemberExpression' && variables.of(bare(method.object));
      if (variable) found.add(variable);
    }
    return found;
  }

  /** By which method it is ended, where that is asked for nothing but to end it. */
  function endingOf(variable: Variable): Knowledge | undefined {
    const endings = variables.references(variable).flatMap(({ identifier }) => {
      const method = methodCallOn(identifier);
      const how = method && (awaitOf(method.call) ? CLOSABLES : TIDIED).get(method.name);
      return how ? [{ how, call: method.call }] : [];
    });
    // What it answers is looked at: ending it is what the test is about.
    return endings.every(({ call }) => isStatement(call)) ? endings[0]?.how : undefined;
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

/** `end();`, `await end();`: nothing looks at what it answers. */
function isStatement(call: TSESTree.CallExpression): boolean {
  return (awaitOf(call) ?? outer(call)).parent?.type === 'ExpressionStatement';
}

function awaitOf(call: TSESTree.CallExpression): TSESTree.AwaitExpression | undefined {
  const { parent } = outer(call);
  // `list.end(1)` may add, `queue.stop({ force: true })` is told how to end.
  const isToldHow = call.arguments.every((argument) => argument.type === 'ObjectExpression');
  return isToldHow && parent?.type === 'AwaitExpression' ? parent : undefined;
}
