/**
 * The transaction the app believes to be in. A statement that begins or ends it becomes statements
 * on savepoints inside the sandbox's own transaction. Sends nothing itself.
 */
import { SetupError } from '../setup-error.ts';
import { foldCase } from './sql-reader.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';
import type { Control } from './statement-kind.ts';

/** Names of savepoints that begin so are the sandbox's. */
export const RESERVED_PREFIX = 'savepoint ';
const ROOT = `"${RESERVED_PREFIX}app"`;

/** `startedBy` decides what RELEASE of the outermost name does: after SAVEPOINT it commits. */
export type AppTransaction =
  | { readonly is: 'idle' }
  | {
      readonly is: 'open';
      readonly startedBy: 'begin' | 'savepoint';
      readonly names: readonly string[];
    };

/** What is sent for a statement of the app, and the app's transaction when that succeeded. */
export interface Step {
  readonly send: readonly [string, ...string[]];
  readonly next: AppTransaction;
  /** Whether the app's transaction ends by being committed: what SQLite defers to that moment is due. */
  readonly commits: boolean;
}

const IDLE: AppTransaction = { is: 'idle' };

/** @throws SqliteRefusal what SQLite says to this statement in this state */
export function translate(control: Control, sql: string, state: AppTransaction): Step {
  switch (control.is) {
    case 'begin':
      if (state.is === 'open')
        throw new SqliteRefusal('cannot start a transaction within a transaction');
      return {
        send: [`SAVEPOINT ${ROOT}`],
        next: { is: 'open', startedBy: 'begin', names: [] },
        commits: false,
      };
    case 'commit':
      if (state.is === 'idle') throw new SqliteRefusal('cannot commit - no transaction is active');
      return { send: [`RELEASE ${ROOT}`], next: IDLE, commits: true };
    case 'rollback':
      if (state.is === 'idle')
        throw new SqliteRefusal('cannot rollback - no transaction is active');
      return { send: [`ROLLBACK TO ${ROOT}`, `RELEASE ${ROOT}`], next: IDLE, commits: false };
    case 'savepoint': {
      const name = unreserved(control.name);
      return state.is === 'idle'
        ? {
            send: [`SAVEPOINT ${ROOT}`, sql],
            next: { is: 'open', startedBy: 'savepoint', names: [name] },
            commits: false,
          }
        : { send: [sql], next: { ...state, names: [...state.names, name] }, commits: false };
    }
    case 'release': {
      const { open, depth } = find(control.name, state);
      if (depth === 0 && open.startedBy === 'savepoint')
        return { send: [`RELEASE ${ROOT}`], next: IDLE, commits: true };
      return { send: [sql], next: { ...open, names: open.names.slice(0, depth) }, commits: false };
    }
    case 'rollback-to': {
      const { open, depth } = find(control.name, state);
      return {
        send: [sql],
        next: { ...open, names: open.names.slice(0, depth + 1) },
        commits: false,
      };
    }
  }
}

/** The innermost savepoint of this name. */
function find(
  name: string,
  state: AppTransaction,
): { open: AppTransaction & { is: 'open' }; depth: number } {
  const depth = state.is === 'open' ? state.names.lastIndexOf(foldCase(name)) : -1;
  if (state.is === 'idle' || depth === -1) throw new SqliteRefusal(`no such savepoint: ${name}`);
  return { open: state, depth };
}

/** SQLite compares names without regard to the case of ASCII letters. */
function unreserved(name: string): string {
  const folded = foldCase(name);
  if (!folded.startsWith(RESERVED_PREFIX)) return folded;
  throw new SetupError(
    'ERR_SAVEPOINT_SQLITE_NAME',
    `The savepoint name ${JSON.stringify(name)} is reserved: names that begin with ${JSON.stringify(RESERVED_PREFIX)} are the sandbox's.`,
  );
}
