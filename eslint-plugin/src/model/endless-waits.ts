/** Waits that nothing can end: a promise that nobody settles, in the body of a test or hook. */
import { bare, enclosingFunction, isFunction, outer, type FunctionNode, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { hasNoTimeout } from './test-options.ts';

export function* endlessWaits(file: FileModel): Iterable<Node> {
  for (const call of file.tree.callsNamed('Promise')) {
    if (call.type !== 'NewExpression') continue;
    if (!file.variables.isGlobal(bare(call.callee), 'Promise')) continue;
    const [executor] = call.arguments;
    if (!executor || !isFunction(executor) || canSettle(file, executor)) continue;
    const fn = enclosingFunction(call);
    const frame = fn && file.frames.frameOfFunction(fn);
    if (frame?.is !== 'test' && frame?.is !== 'hook') continue;
    if (isAwaitedByItself(call, fn) && hasNoTimeout(file.frames, frame)) yield call;
  }
}

/** Whether the executor does anything with what settles the promise, or may throw. */
function canSettle({ variables, source }: FileModel, executor: FunctionNode): boolean {
  if (executor.params.some(({ type }) => type !== 'Identifier')) return true;
  if (/\b(arguments|throw|await)\b/.test(source.getText(executor.body))) return true;
  return executor.params.some((parameter) => {
    const variable = variables.of(parameter);
    return !variable || variables.references(variable).length > 0;
  });
}

/** Awaited or returned alone, not one of several in a race. */
function isAwaitedByItself(promise: Node, fn: FunctionNode | undefined): boolean {
  const { parent } = outer(promise);
  return (
    parent?.type === 'AwaitExpression' ||
    parent?.type === 'ReturnStatement' ||
    (parent !== undefined && parent === fn)
  );
}
