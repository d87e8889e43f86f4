/** Gives a borrowed client back once, to its pool. */
import type { Edit } from '../define-rule.ts';
import { bare, isCall, outer, statementOf, type Call, type Node } from '../model/ast.ts';
import type { ClientMisuse } from '../model/client-misuses.ts';
import type { FileModel } from '../model/file-model.ts';
import { isStatement } from '../model/paths.ts';
import { removeStatement } from './text.ts';

/** Takes away the release that the other one makes needless: that before `finally`, else the second of two neighbours. */
export function releaseOnce(file: FileModel, { call, first }: ClientMisuse): Edit[] | undefined {
  const [earlier, later] = [statementOf(first), statementOf(call)];
  const isInFinally =
    later.parent?.parent?.type === 'TryStatement' && later.parent.parent.finalizer === later.parent;
  if (earlier.parent === later.parent) return [removeStatement(file, later)];
  // With an argument the first may have closed the connection, too.
  const isPlain = isCall(first) && first.arguments.length === 0 && isStatement(first);
  return isInFinally && isPlain ? [removeStatement(file, earlier)] : undefined;
}

/** `client.release(true)` closes the connection, as `client.end()` was to. */
export function releaseInstead(file: FileModel, call: Call): Edit[] | undefined {
  const callee = bare(call.callee);
  if (callee.type !== 'MemberExpression' || call.arguments.length > 0) return undefined;
  const awaiting: Node | undefined = outer(call).parent;
  const whole = awaiting?.type === 'AwaitExpression' ? awaiting : call;
  return [{ range: whole.range, text: `${file.source.getText(callee.object)}.release(true)` }];
}
