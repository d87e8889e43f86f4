/** Statements by which a test file changes a schema that other files see. */
import { bare, isCall, nameOf, propertyOf, textOf, type Call, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';
import type { Variable } from './variables.ts';

export interface SchemaChange {
  readonly node: Node;
  /** The statement or call, shortened for a message. */
  readonly statement: string;
}

const CHANGES_SCHEMA =
  /(?:^|;)\s*(?:(?:create|alter|drop)\s+(?:(?:or\s+replace|unlogged|unique|materialized)\s+)*(?:table|type|schema|role|user|extension|database|index|sequence|view|function|procedure|trigger|domain)|truncate)\b/i;
const CHANGES_OWN = /create\s+(?:temp|temporary)\b|pg_temp/i;
const SHOWN = 60;

export function* schemaChanges(file: FileModel): Iterable<SchemaChange> {
  for (const call of file.tree.calls) {
    const frame = file.frames.frameOf(call);
    const change =
      statementOf(file, call) ?? (isSetUp(frame) ? migrationOf(file, call) : undefined);
    if (change !== undefined && isInTestCode(file, frame)) {
      yield { node: call, statement: shortened(change) };
    }
  }
}

/** The text of `pool.query('create table …')` on a database that other processes share. */
function statementOf(file: FileModel, call: Call): string | undefined {
  const callee = bare(call.callee);
  if (callee.type !== 'MemberExpression' || nameOf(callee) !== 'query') return undefined;
  const sql = call.arguments[0] && sqlOf(file, call.arguments[0]);
  if (sql === undefined || !CHANGES_SCHEMA.test(sql) || CHANGES_OWN.test(sql)) return undefined;
  return isShared(file, callee.object) ? sql : undefined;
}

/** A text with no placeholders, or a constant that is one: a placeholder may name a schema of its own. */
function sqlOf(file: FileModel, node: Node): string | undefined {
  const value = bare(node);
  const text = textOf(value) ?? textOf(propertyOf(value, 'text')?.value);
  if (text !== undefined) return text;
  const variable = value.type === 'Identifier' ? file.variables.of(value) : undefined;
  const given = variable ? file.variables.values(variable) : undefined;
  const [only] = given ?? [];
  return given?.length === 1 && only?.path.length === 0 ? textOf(bare(only.expression)) : undefined;
}

/** `migrate(pool)` and `runMigrations({ pool })`, given a known pool of a shared database. */
function migrationOf(file: FileModel, call: Call): string | undefined {
  const callee = bare(call.callee);
  const name =
    callee.type === 'Identifier'
      ? callee.name
      : callee.type === 'MemberExpression'
        ? nameOf(callee)
        : undefined;
  if (name === undefined || !/^(run)?migrat(e|ions?)/i.test(name) || file.frames.calleeOf(call)) {
    return undefined;
  }
  const given = call.arguments.some((argument) => isShared(file, argument));
  return given ? file.source.getText(call) : undefined;
}

/** A pool, client or connection of a server, whose database is not named by a placeholder. */
function isShared(file: FileModel, node: Node): boolean {
  const value = bare(node);
  const resource = file.acquisitions.resourceOf(value);
  if (!resource || !['pool', 'client', 'connection'].includes(resource.kind)) return false;
  const variable = file.variables.of(value);
  return !variable || !isOwnDatabase(file, variable, new Set());
}

/** Connected with a computed database name or options made elsewhere: it may be this process's own. */
function isOwnDatabase(file: FileModel, variable: Variable, seen: Set<Variable>): boolean {
  if (seen.has(variable)) return false;
  seen.add(variable);
  return (file.variables.values(variable) ?? []).some(({ expression }) => {
    const awaited = bare(expression);
    const made = awaited.type === 'AwaitExpression' ? bare(awaited.argument) : awaited;
    if (!isCall(made)) return false;
    const callee = bare(made.callee);
    const lender =
      callee.type === 'MemberExpression' ? file.variables.of(bare(callee.object)) : undefined;
    if (lender && isOwnDatabase(file, lender, seen)) return true;
    return made.arguments.some((argument) => namesDatabase(argument));
  });
}

function namesDatabase(node: Node): boolean {
  const value = bare(node);
  if (value.type === 'TemplateLiteral') return value.expressions.length > 0;
  if (value.type !== 'ObjectExpression') return false;
  return ['database', 'connectionString', 'options'].some((name) => {
    const given = propertyOf(value, name)?.value;
    return given?.type === 'TemplateLiteral' && given.expressions.length > 0;
  });
}

/** At the top of a test file, or in a hook that sets up; in a test, migrating may be what it tests. */
function isSetUp(frame: Frame): boolean {
  return frame.is === 'file' || (frame.is === 'hook' && frame.hook.startsWith('before'));
}

function isInTestCode({ frames }: FileModel, frame: Frame): boolean {
  switch (frame.is) {
    case 'file':
    case 'suite':
    case 'test':
      return true;
    case 'hook':
      return frame.hook.startsWith('before');
    case 'helper':
      return frames.usesOf(frame.fn).some((use) => use.is !== 'escape');
  }
}

function shortened(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
