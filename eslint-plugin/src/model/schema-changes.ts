/** Statements by which a test file changes a schema that other files see. */
import { bare, calledName, isInside, nameOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import { helperCalls } from './helper-calls.ts';
import type { ForeignFunction } from './project/project.ts';
import type { Reading } from './reading.ts';
import { isSharedDatabase, reachesShared } from './shared-databases.ts';
import { changesSchema, shortened } from './sql-text.ts';
import { sendingsOf } from './statements.ts';
import { isTeardown, isTestCode } from './test-code.ts';
import { within } from './tree.ts';

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
  for (const call of file.tree.callsMatching(MIGRATES)) {
    if (isMigration(file, call) && isSetUp(file.frames.frameOf(call))) {
      yield { node: call, statement: shortened(file.source.getText(call)) };
    }
  }
  const told = new Set<Node>();
  for (const { node, from, reached } of helperCalls(file, MAY_CHANGE)) {
    if (from !== 'file' && from !== 'before' && from !== 'beforeEach') continue;
    const [first] = reached.some(isLocked) ? [] : reached.flatMap(changesIn);
    if (!first || told.has(first.node)) continue;
    told.add(first.node);
    yield { node, statement: first.statement };
  }
}

/** Under an advisory lock, one process changes the schema and the others wait. */
function isLocked({ reading, fn }: ForeignFunction): boolean {
  return /\bpg_(?:try_)?advisory_/.test(reading.source.getText(fn));
}

/** By a migration, or a statement of the function itself. */
function changesIn({ reading, fn }: ForeignFunction): SchemaChange[] {
  const migrations = [...within(reading.tree.callsMatching(MIGRATES), fn.body)]
    .filter((call) => isMigration(reading, call))
    .map((call) => ({ node: call, statement: shortened(reading.source.getText(call)) }));
  const sent = sendingsOf(reading)
    .filter((each) => isInside(each.node, fn) && reachesShared(reading, each, changesSchema))
    .map(({ node, text }) => ({ node, statement: shortened(text) }));
  return [...sent, ...migrations];
}

/** What people call a function that sets up a schema; whether it does is read. */
const MAY_CHANGE = /migrat|schema|set_?up|init|create|ensure|prepare|reset|drop/i;

const MIGRATES = /^(?:(?:run)?migrat(?:e|ions?)|latest$)/i;

/** `migrate(pool)`, `runMigrations({ pool })` and `knex.migrate.latest()`, of a shared database. */
function isMigration(file: Reading, call: Call): boolean {
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
  if (name === undefined || !MIGRATES.test(name) || file.frames.calleeOf(call)) return false;
  return call.arguments.some((argument) => isSharedDatabase(file, argument));
}

/** At the top of a test file, or in a hook that sets up; in a test, migrating may be what it tests. */
function isSetUp(frame: Frame): boolean {
  return frame.is === 'file' || (frame.is === 'hook' && frame.hook.startsWith('before'));
}
