/** Statements by which a test file changes a schema that other files see. */
import { bare, calledName, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import { isSharedDatabase, reachesShared } from './shared-databases.ts';
import { changesSchema, shortened } from './sql-text.ts';
import { sendingsOf } from './statements.ts';
import { isTeardown, isTestCode } from './test-code.ts';

export interface SchemaChange {
  readonly node: Node;
  /** The statement or call, shortened for a message. */
  readonly statement: string;
}

export function* schemaChanges(file: FileModel): Iterable<SchemaChange> {
  for (const sending of sendingsOf(file)) {
    if (!reachesShared(file, sending, changesSchema)) continue;
    const frame = file.frames.frameOf(sending.node);
    if (!isTeardown(frame) && isTestCode(file, frame)) {
      yield { node: sending.node, statement: shortened(sending.text) };
    }
  }
  if (!/migrat/i.test(file.source.text)) return;
  for (const call of file.tree.calls) {
    if (isMigration(file, call) && isSetUp(file.frames.frameOf(call))) {
      yield { node: call, statement: shortened(file.source.getText(call)) };
    }
  }
}

/** `migrate(pool)`, `runMigrations({ pool })` and `knex.migrate.latest()`, of a shared database. */
function isMigration(file: FileModel, call: Call): boolean {
  const callee = bare(call.callee);
  if (callee.type === 'MemberExpression' && nameOf(callee) === 'latest') {
    const migrate = bare(callee.object);
    return (
      migrate.type === 'MemberExpression' &&
      nameOf(migrate) === 'migrate' &&
      isSharedDatabase(file, migrate.object)
    );
  }
  const name = calledName(call);
  if (name === undefined || !/^(run)?migrat(e|ions?)/i.test(name) || file.frames.calleeOf(call)) {
    return false;
  }
  return call.arguments.some((argument) => isSharedDatabase(file, argument));
}

/** At the top of a test file, or in a hook that sets up; in a test, migrating may be what it tests. */
function isSetUp(frame: Frame): boolean {
  return frame.is === 'file' || (frame.is === 'hook' && frame.hook.startsWith('before'));
}
