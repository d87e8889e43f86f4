/** Makes code wait: `await` in front of a call, in a function that is asynchronous or becomes so. */
import type { Edit } from '../define-rule.ts';
import {
  enclosingFunction,
  methodCallOn,
  outer,
  type FunctionNode,
  type Node,
} from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';

/** Awaits the statement that a call is, with what is chained to it. */
export function awaitStatement(file: FileModel, call: Node): Edit[] | undefined {
  const expression = chainOf(call);
  const { parent } = expression;
  const isVoid = parent?.type === 'UnaryExpression' && parent.operator === 'void';
  const statement = isVoid ? outer(parent).parent : parent;
  const fn = enclosingFunction(call);
  if (statement?.type !== 'ExpressionStatement' || !fn) return undefined;
  const asynchronous = makeAsynchronous(file, fn);
  if (!asynchronous) return undefined;
  const start = isVoid ? parent.range[0] : expression.range[0];
  return [...asynchronous, { range: [start, expression.range[0]], text: 'await ' }];
}

/** `pool.end().catch(log)`: the promise is what the last call of the chain answers. */
function chainOf(call: Node): Node {
  const chained = methodCallOn(call);
  return chained && /^(then|catch|finally)$/.test(chained.name)
    ? chainOf(chained.call)
    : outer(call);
}

/** The edits, maybe none, after which a function may await; undefined when it must stay as it is. */
export function makeAsynchronous(file: FileModel, fn: FunctionNode): Edit[] | undefined {
  if (fn.generator) return undefined;
  if (fn.async) return [];
  if (!isAwaitedByRunner(file, fn)) return undefined;
  const { parent } = fn;
  const [start] = parent.type === 'Property' && parent.method ? parent.range : fn.range;
  return [{ range: [start, start], text: 'async ' }];
}

/** A test or a hook, called by `node:test` alone, that takes no callback. */
function isAwaitedByRunner({ frames }: FileModel, fn: FunctionNode): boolean {
  const frame = frames.frameOfFunction(fn);
  if (frame?.is !== 'test' && frame?.is !== 'hook') return false;
  return fn.params.length < 2 && fn.params.every(({ type }) => type !== 'RestElement');
}
