/** A pool belongs to the file, not to each test. */
import { defineRule } from '../define-rule.ts';
import type { Acquisition } from '../model/acquisitions.ts';
import { isCall, isInside, outer, type Node } from '../model/ast.ts';
import { connectionsPerTest } from '../model/connections-per-test.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { isNeverUsed } from '../model/keeps-alive.ts';
import { sendsNotices } from '../model/sql-text.ts';
import { sendingsOf } from '../model/statements.ts';
import { acquireOnce } from '../repairs/hook-kind.ts';

export default defineRule('no-per-test-pool', function* (file) {
  for (const fixture of file.withFault('no-per-test-pool')) {
    const acquisition = acquisitionOf(file, fixture);
    // What connects at its first use, and has none, costs nothing.
    if (acquisition && isNeverUsed(acquisition, file.variables)) continue;
    const edits = acquireOnce(file, fixture);
    yield {
      node: fixture.acquiredAt,
      messageId: messageFor(file, fixture, acquisition),
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

function acquisitionOf(file: FileModel, { acquiredAt }: Fixture): Acquisition | undefined {
  return isCall(acquiredAt) ? file.acquisitions.of(acquiredAt) : undefined;
}

function messageFor(
  file: FileModel,
  fixture: Fixture,
  acquisition: Acquisition | undefined,
): 'perTest' | 'perTestListens' | 'perTestOnce' {
  if (listens(file, fixture)) return 'perTestListens';
  return acquisition && mayNotRollBack(acquisition) ? 'perTestOnce' : 'perTest';
}

/** Databases whose tests no transaction undoes. */
const WITHOUT_ROLLBACK = new Set([
  'mongodb',
  'mongoose',
  '@mikro-orm/mongodb',
  'cassandra-driver',
  'neo4j-driver',
]);

/** Nor does one undo what an object does with the pool that it is given: a queue may need its commits. */
function mayNotRollBack({ resource, holder }: Acquisition): boolean {
  if (WITHOUT_ROLLBACK.has(resource.row?.module ?? '')) return true;
  return (
    holder.is === 'variable' &&
    holder.variable.references.some(({ identifier }) => isGivenToNew(identifier))
  );
}

/** `new Queue(pool)`, `new Queue({ pool })`. */
function isGivenToNew(identifier: Node): boolean {
  let at = outer(identifier);
  while (at.parent?.type === 'Property' || at.parent?.type === 'ObjectExpression') at = at.parent;
  return at.parent?.type === 'NewExpression' && at.parent.callee !== at;
}

/** Whether what makes it also listens for notices or sends them: no transaction that is rolled back does. */
function listens(file: FileModel, { frame }: Fixture): boolean {
  return (
    frame.is !== 'file' &&
    sendingsOf(file).some(
      ({ node, statements }) => isInside(node, frame.fn) && statements.some(sendsNotices),
    )
  );
}
