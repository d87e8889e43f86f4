/** A pool belongs to the file, not to each test. */
import { defineRule } from '../define-rule.ts';
import { isInside } from '../model/ast.ts';
import { connectionsPerTest } from '../model/connections-per-test.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { sendsNotices } from '../model/sql-text.ts';
import { sendingsOf } from '../model/statements.ts';
import { acquireOnce } from '../repairs/hook-kind.ts';

export default defineRule('no-per-test-pool', function* (file) {
  for (const fixture of file.withFault('no-per-test-pool')) {
    const edits = acquireOnce(file, fixture);
    yield {
      node: fixture.acquiredAt,
      messageId: listens(file, fixture) ? 'perTestListens' : 'perTest',
      data: { resource: fixture.name },
      suggestion: edits && { messageId: 'acquireOnce', edits },
    };
  }
  for (const all of connectionsPerTest(file)) {
    const [first] = all;
    if (!first) continue;
    yield {
      node: first.acquiredAt,
      messageId: 'connection',
      data: { resource: [...new Set(all.map(({ name }) => name))].join('`, `') },
    };
  }
});

/** Whether what makes it also listens for notices or sends them: no transaction that is rolled back does. */
function listens(file: FileModel, { frame }: Fixture): boolean {
  return (
    frame.is !== 'file' &&
    sendingsOf(file).some(
      ({ node, statements }) => isInside(node, frame.fn) && statements.some(sendsNotices),
    )
  );
}
