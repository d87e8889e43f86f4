/**
 * What the table does not know, but the test itself treats as a resource: made in its body, and
 * ended there by an awaited `close()` or the like. Asks no module what it is.
 */
import type { TSESTree } from '@typescript-eslint/utils';
import { isBuiltin } from 'node:module';
import {
  bare,
  isFunction,
  methodCallOn,
  outer,
  outerAwaited,
  type Call,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Frames } from './frames.ts';
import type { Knowledge } from './knowledge.ts';
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

const CLOSABLES = new Map(
  ENDS.map((method): [string, Knowledge] => [
    method,
    {
      kind: 'closable',
      releasedBy: [method],
      asynchronous: true,
      releasedAtOnceBy: [],
      openedBy: [],
      keepsAliveOnce: undefined,
      lends: [],
      row: undefined,
    },
  ]),
);

export type ClosableOf = (call: Call) => Knowledge | undefined;

export function readClosables(
  tree: Tree,
  variables: Variables,
  originOf: OriginOf,
  frames: Frames,
): ClosableOf {
  return function closableOf(call) {
    const variable = holderOf(call);
    if (!variable || frames.frameOf(call).is !== 'test') return undefined;
    const ending = endingOf(variable);
    return ending && isMaker(call) && !call.arguments.some(knowsTest)
      ? CLOSABLES.get(ending)
      : undefined;
  };

  function holderOf(call: Call): Variable | undefined {
    const { parent } = outerAwaited(call);
    if (parent?.type === 'VariableDeclarator') return variables.of(parent.id);
    return parent?.type === 'AssignmentExpression' ? variables.of(parent.left) : undefined;
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

function awaitOf(call: TSESTree.CallExpression): TSESTree.AwaitExpression | undefined {
  const { parent } = outer(call);
  return call.arguments.length === 0 && parent?.type === 'AwaitExpression' ? parent : undefined;
}
