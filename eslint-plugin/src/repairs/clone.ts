/** Gives a test a database of its own in place of a sandbox: real commits, several connections. */
import type { Edit } from '../define-rule.ts';
import { bare } from '../model/ast.ts';
import type { Sandbox } from '../model/sandboxes.ts';

/** `db.clone(t)` for `db.rollback(t)`; options may mean nothing to the other. */
export function cloneInstead({ opened }: Sandbox): Edit[] | undefined {
  const callee = bare(opened.callee);
  if (callee.type !== 'MemberExpression' || callee.computed || opened.arguments.length > 1) {
    return undefined;
  }
  return [{ range: callee.property.range, text: 'clone' }];
}
