/** Schemas that are dropped and built anew for each test, under a pool that prepared statements on them. */
import { isPerTest } from '@savepoint/catalogue';
import { bare, isCall, propertyOf, textOf, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { methodCalls } from './method-calls.ts';
import { perFile } from './per-file.ts';
import { isExport } from './origins.ts';
import { shortened } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import { lenderOf } from './transactions.ts';

export interface SchemaChurn {
  readonly node: Node;
  readonly statement: string;
}

const REPLACES = /^(drop (schema|table|type|view|materialized view)|alter (table|type))\b/;
/** Libraries that prepare what they are asked, by themselves. */
const PREPARING = new Set(['postgres', '@prisma/client']);

export function* schemaChurn(file: FileModel): Iterable<SchemaChurn> {
  for (const sending of sendingsOf(file)) {
    const replaces = sending.statements.some((statement) => REPLACES.test(statement));
    if (replaces && isForEachTest(file, sending.node) && isRemembering(file, sending)) {
      yield { node: sending.node, statement: shortened(sending.text) };
    }
  }
  for (const { call, callee } of methodCalls(file, 'sync')) {
    const [options] = call.arguments;
    const force = propertyOf(options && bare(options), 'force')?.value;
    if (force?.type !== 'Literal' || force.value !== true) continue;
    if (isForEachTest(file, call) && isServer(file, callee.object)) {
      yield { node: call, statement: shortened(file.source.getText(call)) };
    }
  }
}

/** In a hook around each test. */
function isForEachTest({ frames }: FileModel, node: Node): boolean {
  const frame = frames.frameOf(node);
  return frame.is === 'hook' && (frame.hook === 'beforeEach' || frame.hook === 'afterEach');
}

/** Through a pool that outlives the test, or a client of it, and that has prepared statements. */
function isRemembering(file: FileModel, { through }: Sending): boolean {
  const [lent] = lenderOf(file, through)?.identifiers ?? [];
  const pool = lent ?? through;
  const resource = file.acquisitions.resourceOf(pool);
  if (resource?.kind !== 'pool' || !outlivesTest(file, pool)) return false;
  return PREPARING.has(resource.row?.module ?? '') || hasNamedStatement(file);
}

function outlivesTest({ frames, variables }: FileModel, pool: Node): boolean {
  const made = variables.constantOf(bare(pool));
  const scope = made && frames.scopeOf(frames.frameOf(made));
  return scope !== undefined && !isPerTest(scope);
}

/** `{ name, text }`: what `pg` prepares. */
const hasNamedStatement = perFile((file): boolean =>
  sendingsOf(file).some(({ node }) => {
    const given = isCall(node) ? node.arguments[0] : undefined;
    const value = given && (file.variables.constantOf(bare(given)) ?? bare(given));
    return propertyOf(value, 'name') !== undefined && propertyOf(value, 'text') !== undefined;
  }),
);

/** A Sequelize instance of this file, over anything but SQLite. */
function isServer(file: FileModel, node: Node): boolean {
  const made = file.variables.constantOf(bare(node));
  if (!made || !isCall(made) || !outlivesTest(file, node)) return false;
  return (
    isExport(file.originOf(made.callee), 'sequelize', 'Sequelize') &&
    !/sqlite/i.test(file.source.getText(made)) &&
    made.arguments.every((argument) => isShown(file, argument))
  );
}

/** A text, an options object, a variable of the environment: not options of another file. */
function isShown(file: FileModel, node: Node): boolean {
  const value = bare(node);
  if (value.type === 'ObjectExpression' || textOf(value) !== undefined) return true;
  return value.type !== 'Identifier' || file.variables.constantOf(value) !== undefined;
}
