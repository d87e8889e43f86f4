/** Releases that a hook awaits one after the other: one that fails skips the next. */
import { isCleanup } from './act-under-test.ts';
import { bare, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';

export interface TeardownSequence {
  readonly first: Node;
  readonly skipped: Node;
}

export function* teardownSequences({ tree, frames }: FileModel): Iterable<TeardownSequence> {
  for (const call of tree.callsNamed('after', 'afterEach')) {
    const hook = frames.testCallOf(call);
    if (hook?.what.is !== 'hook' || hook.callback?.body.type !== 'BlockStatement') continue;
    const { body } = hook.callback.body;
    const at = body.findIndex((statement) => isAwaited(statement) && isCleanup(statement));
    const first = body[at];
    const skipped = body
      .slice(at + 1)
      .find((statement) => isCleanup(statement) && !forgets(statement));
    if (first && skipped) yield { first, skipped };
  }
}

/** `app = undefined`, `return`: nothing is lost when it is skipped. */
function forgets(statement: Node): boolean {
  if (statement.type !== 'ExpressionStatement') return true;
  const { expression } = statement;
  return expression.type === 'AssignmentExpression' && expression.left.type === 'Identifier';
}

function isAwaited(statement: Node): boolean {
  return (
    statement.type === 'ExpressionStatement' &&
    bare(statement.expression).type === 'AwaitExpression'
  );
}
