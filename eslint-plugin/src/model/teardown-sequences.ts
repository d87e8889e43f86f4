/** Releases that a hook or a `finally` awaits one after the other: one that fails skips the next. */
import type { TSESTree } from '@typescript-eslint/utils';
import { isCleanup } from './act-under-test.ts';
import { bare, dottedName, nameOf, outerAwaited, type Call, type Node } from './ast.ts';
import { ENDINGS } from './closables.ts';
import type { FileModel } from './file-model.ts';

export interface TeardownSequence {
  readonly first: Node;
  readonly skipped: Node;
}

export function* teardownSequences(file: FileModel): Iterable<TeardownSequence> {
  yield* inHooks(file);
  yield* inFinally(file);
}

function* inHooks({ tree, frames }: FileModel): Iterable<TeardownSequence> {
  for (const call of tree.callsNamed('after', 'afterEach')) {
    const hook = frames.testCallOf(call);
    if (hook?.what.is !== 'hook' || hook.callback?.body.type !== 'BlockStatement') continue;
    const { body } = hook.callback.body;
    const at = body.findIndex((statement) => isAwaited(statement) && isCleanup(statement));
    const first = body[at];
    const skipped = body
      .slice(at + 1)
      .find((statement) => releasedBy(statement) ?? (isCleanup(statement) && !forgets(statement)));
    if (first && skipped) yield { first, skipped };
  }
}

/** `finally { await worker.close(); await queue.close(); }` in a test or hook. */
function* inFinally({ tree, frames }: FileModel): Iterable<TeardownSequence> {
  const blocks = new Set<TSESTree.BlockStatement>();
  for (const call of tree.callsNamed(...RELEASES)) {
    const block = finalizerOf(call);
    if (block && /^(?:test|hook)$/.test(frames.frameOf(call).is)) blocks.add(block);
  }
  for (const { body } of blocks) {
    const releases = body.flatMap((statement) => releasedBy(statement) ?? []);
    const [first] = releases;
    const skipped = releases.find(({ resource }) => resource !== first?.resource);
    if (first && skipped) yield { first: first.statement, skipped: skipped.statement };
  }
}

const RELEASES = [...ENDINGS, 'quit', 'clean'];

/** The `finally` that a call is a statement of. */
function finalizerOf(call: Call): TSESTree.BlockStatement | undefined {
  const block = outerAwaited(call).parent?.parent;
  return block?.type === 'BlockStatement' &&
    block.parent.type === 'TryStatement' &&
    block.parent.finalizer === block
    ? block
    : undefined;
}

interface Release {
  readonly statement: Node;
  /** What is released, as the code names it. */
  readonly resource: string;
}

/** `await queue.close()`. */
function releasedBy(statement: Node): Release | undefined {
  const awaited = statement.type === 'ExpressionStatement' ? bare(statement.expression) : undefined;
  const call = awaited?.type === 'AwaitExpression' ? bare(awaited.argument) : undefined;
  const callee = call?.type === 'CallExpression' ? bare(call.callee) : undefined;
  if (callee?.type !== 'MemberExpression' || !RELEASES.includes(nameOf(callee) ?? ''))
    return undefined;
  const resource = dottedName(callee.object);
  return resource === undefined ? undefined : { statement, resource };
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
