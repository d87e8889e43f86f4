/** `process.env.X = undefined` stores a string; an unset variable is restored by deleting it. */
import { defineRule, type Edit } from '../define-rule.ts';
import { undefinedRestores, type UndefinedRestore } from '../model/environment-restores.ts';
import type { FileModel } from '../model/file-model.ts';

export default defineRule('no-undefined-env-restore', function* (file) {
  for (const restore of undefinedRestores(file)) {
    const { assignment, saved } = restore;
    const data = { name: file.source.getText(assignment.left), saved: saved ?? '' };
    const edits = deletion(file, restore);
    yield saved === undefined
      ? {
          node: assignment,
          messageId: 'literal',
          data,
          suggestion: edits && { messageId: 'deleteVariable', edits },
        }
      : {
          node: assignment,
          messageId: 'saved',
          data,
          suggestion: edits && { messageId: 'deleteWhenUndefined', edits },
        };
  }
});

function deletion(file: FileModel, { assignment, saved }: UndefinedRestore): Edit[] | undefined {
  const { parent } = assignment;
  const name = file.source.getText(assignment.left);
  if (parent.type !== 'ExpressionStatement') {
    if (saved !== undefined || parent.type !== 'ArrowFunctionExpression') return undefined;
    return [{ range: assignment.range, text: `delete ${name}` }];
  }
  return [
    saved === undefined
      ? { range: assignment.range, text: `delete ${name}` }
      : {
          range: parent.range,
          text: `if (${saved} === undefined) delete ${name}; else ${file.source.getText(parent)}`,
        },
  ];
}
