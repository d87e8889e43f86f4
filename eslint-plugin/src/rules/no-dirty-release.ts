/** A client goes back to its pool after its transaction has ended, on every path. */
import { defineRule } from '../define-rule.ts';
import { dirtyReleases } from '../model/dirty-releases.ts';
import { rollBackOnError } from '../repairs/rollback.ts';

export default defineRule('no-dirty-release', function* (file) {
  for (const { is, node, transaction, release, guard } of dirtyReleases(file)) {
    const edits = is === 'throws' && guard && rollBackOnError(file, transaction, guard);
    yield {
      node,
      messageId: is,
      data: {
        client: transaction.handle.name,
        begunLine: String(transaction.begun.loc.start.line),
        releaseLine: String(release.loc.start.line),
      },
      suggestion: edits ? { messageId: 'rollBack', edits } : undefined,
    };
  }
});
