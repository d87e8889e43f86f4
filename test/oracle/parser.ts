/** PostgreSQL's own parser (libpg-query): where the statements of a text are, and what each of them is. */
import { loadModule, parseSync } from 'libpg-query';
import {
  ISOLATION_LEVELS,
  modeCalled,
  type ModesInOrder,
  type StatementKind,
  type TransactionModes,
} from '../../runtime/src/pg/statements.ts';

/** A statement as the server sees it. */
export interface Parsed {
  /** From its first token to its semicolon, or up to the end of the text. */
  readonly text: string;
  readonly kind: StatementKind;
}

await loadModule();

/** The statements of a text, or undefined when the server cannot parse it. */
export function parse(sql: string): Parsed[] | undefined {
  const statements = rawStatements(sql);
  if (!statements) return undefined;
  // The server counts bytes.
  const bytes = Buffer.from(sql);
  return statements.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => ({
    text: bytes.toString('utf8', start, length === undefined ? bytes.length : start + length + 1),
    kind: kindOf(stmt),
  }));
}

function rawStatements(sql: string): readonly RawStatement[] | undefined {
  try {
    return ((parseSync(sql) as { stmts?: unknown[] }).stmts as RawStatement[] | undefined) ?? [];
  } catch {
    return undefined;
  }
}

interface RawStatement {
  readonly stmt: Readonly<Record<string, Tree | undefined>>;
  readonly stmt_location?: number;
  readonly stmt_len?: number;
}

/** A node of the parse tree. */
type Tree = Readonly<Record<string, unknown>>;

function kindOf(statement: RawStatement['stmt']): StatementKind {
  const [[type, tree = {}] = ['', {}]] = Object.entries(statement);
  const command = nonTransactionalCommand(type, tree);
  if (command !== undefined) return { kind: 'non-transactional', command };
  switch (type) {
    case 'TransactionStmt':
      return transactionKind(tree);
    case 'VariableSetStmt':
      return settingKind(tree);
    case 'VariableShowStmt':
      return shownMode(tree);
    case 'ConstraintsSetStmt':
      return { kind: 'set constraints' };
    case 'LockStmt':
      return { kind: 'block only', command: 'LOCK TABLE' };
    case 'DeclareCursorStmt':
      return isOption(tree, CURSOR_WITH_HOLD)
        ? { kind: 'ordinary' }
        : { kind: 'block only', command: 'DECLARE CURSOR', cursor: String(tree.portalname) };
    default:
      return { kind: 'ordinary' };
  }
}

const CURSOR_WITH_HOLD = 0x20;

function isOption({ options }: Tree, option: number): boolean {
  return typeof options === 'number' && (options & option) !== 0;
}

function transactionKind(tree: Tree): StatementKind {
  const name = String(tree.savepoint_name);
  const chain = tree.chain === true;
  switch (tree.kind) {
    case 'TRANS_STMT_BEGIN':
      return { kind: 'begin', word: 'BEGIN', modes: modesOf(tree.options) };
    case 'TRANS_STMT_START':
      return { kind: 'begin', word: 'START TRANSACTION', modes: modesOf(tree.options) };
    case 'TRANS_STMT_COMMIT':
      return { kind: 'commit', chain };
    case 'TRANS_STMT_ROLLBACK':
      return { kind: 'rollback', chain };
    case 'TRANS_STMT_SAVEPOINT':
      return { kind: 'savepoint', name };
    case 'TRANS_STMT_RELEASE':
      return { kind: 'release', name };
    case 'TRANS_STMT_ROLLBACK_TO':
      return { kind: 'rollback to', name };
    case 'TRANS_STMT_PREPARE':
      return { kind: 'prepare transaction' };
    default:
      throw new Error(`unknown: ${String(tree.kind)}`);
  }
}

function settingKind({ kind, name, is_local: local, args }: Tree): StatementKind {
  const parameter = typeof name === 'string' ? name : undefined;
  const where = local === true ? 'local' : 'session';
  if (kind === 'VAR_SET_MULTI') {
    if (parameter === 'TRANSACTION SNAPSHOT') return { kind: 'set snapshot' };
    return parameter === 'TRANSACTION'
      ? { kind: 'set transaction', modes: modesOf(args), said: 'transaction' }
      : { kind: `set ${where}`, parameter: 'default_transaction_isolation' };
  }
  const modes = kind === 'VAR_SET_VALUE' ? assignedMode(parameter, args) : undefined;
  return modes
    ? { kind: 'set transaction', modes: [modes], said: where }
    : { kind: `set ${where}`, parameter };
}

function shownMode({ name }: Tree): StatementKind {
  const mode = modeCalled(String(name));
  return mode ? { kind: 'show mode', mode } : { kind: 'ordinary' };
}

/** `SET transaction_read_only = on` and its like. */
function assignedMode(parameter: string | undefined, args: unknown): TransactionModes | undefined {
  const [argument, more] = Array.isArray(args) ? (args as Tree[]) : [];
  const { sval, ival } = (argument?.A_Const ?? {}) as Constant;
  if (more) return undefined;
  const value = sval ? (sval.sval ?? '').toLowerCase() : ival && String(ival.ival ?? 0);
  const on = value === undefined ? undefined : SWITCHES[value];
  switch (String(parameter).toLowerCase()) {
    case 'transaction_isolation': {
      const isolation = ISOLATION_LEVELS.find((level) => level === value);
      return isolation && { isolation };
    }
    case 'transaction_read_only':
      return on === undefined ? undefined : { readOnly: on };
    case 'transaction_deferrable':
      return on === undefined ? undefined : { deferrable: on };
    default:
      return undefined;
  }
}

const SWITCHES: Readonly<Record<string, boolean | undefined>> = {
  on: true,
  true: true,
  yes: true,
  1: true,
  off: false,
  false: false,
  no: false,
  0: false,
};

/** A_Const; what is zero or empty is left out. */
interface Constant {
  readonly sval?: { readonly sval?: string };
  readonly ival?: { readonly ival?: number };
}

function modesOf(options: unknown): ModesInOrder {
  return optionsOf(options).map(([name, value]): TransactionModes => {
    const on = Boolean((value as { ival?: { ival?: number } }).ival?.ival);
    switch (name) {
      case 'transaction_isolation': {
        const { sval } = value as { sval?: { sval?: string } };
        const isolation = ISOLATION_LEVELS.find((level) => level === sval?.sval);
        return isolation ? { isolation } : {};
      }
      case 'transaction_read_only':
        return { readOnly: on };
      default:
        return { deferrable: on };
    }
  });
}

/** The names of DefElems, with their constants. */
function optionsOf(options: unknown): (readonly [name: string, value: Tree])[] {
  return (Array.isArray(options) ? (options as Tree[]) : []).map(({ DefElem }) => {
    const { defname, arg } = DefElem as Tree;
    const { A_Const, ...others } = (arg ?? {}) as Tree;
    return [String(defname), (A_Const ?? others) as Tree] as const;
  });
}

/** Which of the commands it is that the server refuses inside a transaction block. */
function nonTransactionalCommand(type: string, tree: Tree): string | undefined {
  switch (type) {
    case 'CreatedbStmt':
      return 'CREATE DATABASE';
    case 'DropdbStmt':
      return 'DROP DATABASE';
    case 'CreateTableSpaceStmt':
      return 'CREATE TABLESPACE';
    case 'DropTableSpaceStmt':
      return 'DROP TABLESPACE';
    case 'CreateSubscriptionStmt':
      return 'CREATE SUBSCRIPTION';
    case 'DropSubscriptionStmt':
      return 'DROP SUBSCRIPTION';
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM';
    case 'DiscardStmt':
      return tree.target === 'DISCARD_ALL' ? 'DISCARD ALL' : undefined;
    case 'VacuumStmt':
      return tree.is_vacuumcmd === true ? 'VACUUM' : undefined;
    case 'ClusterStmt':
      return tree.relation === undefined ? 'CLUSTER' : undefined;
    case 'IndexStmt':
      return tree.concurrent === true ? 'CREATE INDEX CONCURRENTLY' : undefined;
    case 'DropStmt':
      return tree.removeType === 'OBJECT_INDEX' && tree.concurrent === true
        ? 'DROP INDEX CONCURRENTLY'
        : undefined;
    case 'ReindexStmt':
      return reindexCommand(tree);
    case 'AlterDatabaseStmt':
      return optionsOf(tree.options).some(([name]) => name === 'tablespace')
        ? 'ALTER DATABASE SET TABLESPACE'
        : undefined;
    case 'AlterTableStmt':
      return detachesConcurrently(tree) ? 'ALTER TABLE DETACH PARTITION CONCURRENTLY' : undefined;
    case 'TransactionStmt':
      if (tree.kind === 'TRANS_STMT_COMMIT_PREPARED') return 'COMMIT PREPARED';
      return tree.kind === 'TRANS_STMT_ROLLBACK_PREPARED' ? 'ROLLBACK PREPARED' : undefined;
    default:
      return undefined;
  }
}

function reindexCommand({ kind, params }: Tree): string | undefined {
  if (kind === 'REINDEX_OBJECT_SCHEMA') return 'REINDEX SCHEMA';
  if (kind === 'REINDEX_OBJECT_SYSTEM') return 'REINDEX SYSTEM';
  if (kind === 'REINDEX_OBJECT_DATABASE') return 'REINDEX DATABASE';
  return optionsOf(params).some(([name]) => name === 'concurrently')
    ? 'REINDEX CONCURRENTLY'
    : undefined;
}

function detachesConcurrently({ cmds }: Tree): boolean {
  return (Array.isArray(cmds) ? (cmds as Tree[]) : []).some(({ AlterTableCmd }) => {
    const { subtype, def } = AlterTableCmd as Tree;
    const { PartitionCmd } = (def ?? {}) as { PartitionCmd?: Tree };
    return subtype === 'AT_DetachPartition' && PartitionCmd?.concurrent === true;
  });
}
