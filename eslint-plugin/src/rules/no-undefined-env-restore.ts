/** `process.env.X = undefined` stores a string; an unset variable is restored by deleting it. */
import { defineRule } from '../define-rule.ts';
import { undefinedRestores } from '../model/environment-restores.ts';
import { deleteInstead } from '../repairs/deletion.ts';

export default defineRule('no-undefined-env-restore', function* (file) {
  for (const restore of undefinedRestores(file)) {
    const { assignment, saved } = restore;
    const data = { name: file.source.getText(assignment.left), saved: saved ?? '' };
    const edits = deleteInstead(file, restore);
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
