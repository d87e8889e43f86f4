/** Which pragmas work inside the sandbox's transaction, and which would stay set after it. */
import type { Pragma } from './statement-kind.ts';

/**
 * - `pass`: works, or is undone by the rollback, or only asks.
 * - `restore`: is not undone by a rollback; its former value is to be put back.
 * - `unchanged`: sets what is set already; need not be sent.
 * - `refuse`: SQLite cannot do it inside a transaction, or silently does not.
 */
export type PragmaTreatment = 'pass' | 'restore' | 'unchanged' | 'refuse';

/** Settings of the connection. https://www.sqlite.org/pragma.html */
const CONNECTION_SETTINGS: ReadonlySet<string> = new Set([
  'analysis_limit',
  'automatic_index',
  'busy_timeout',
  'cache_size',
  'cache_spill',
  'case_sensitive_like',
  'cell_size_check',
  'checkpoint_fullfsync',
  'count_changes',
  'empty_result_callbacks',
  'full_column_names',
  'fullfsync',
  'hard_heap_limit',
  'ignore_check_constraints',
  'journal_size_limit',
  'legacy_alter_table',
  'locking_mode',
  'max_page_count',
  'mmap_size',
  'query_only',
  'read_uncommitted',
  'recursive_triggers',
  'reverse_unordered_selects',
  'secure_delete',
  'short_column_names',
  'soft_heap_limit',
  'threads',
  'trusted_schema',
  'wal_autocheckpoint',
  'writable_schema',
]);

const SYNCHRONOUS = ['off', 'normal', 'full', 'extra'];

/** How the temporary database is kept; https://www.sqlite.org/pragma.html#pragma_temp_store */
const TEMP_STORES = ['default', 'file', 'memory'];
/** Journals that a database in memory cannot have: it stays with what it has, in a transaction or not. */
const JOURNALS_OF_FILES: ReadonlySet<string> = new Set(['delete', 'truncate', 'persist', 'wal']);

/** @param read the pragma's value now */
export function treatPragma(
  { name, value }: Pragma,
  read: (name: string) => unknown,
  isInMemory: boolean,
): PragmaTreatment {
  if (name === 'wal_checkpoint') return 'refuse';
  if (value === undefined) return 'pass';
  switch (name) {
    case 'foreign_keys':
      return isOn(value) === (read(name) === 1) ? 'unchanged' : 'refuse';
    case 'journal_mode':
      if (isInMemory && JOURNALS_OF_FILES.has(value.toLowerCase())) return 'unchanged';
      return value.toLowerCase() === read(name) ? 'unchanged' : 'refuse';
    case 'synchronous':
      return levelOf(value, SYNCHRONOUS) === read(name) ? 'unchanged' : 'refuse';
    case 'temp_store':
      return levelOf(value, TEMP_STORES) === read(name) ? 'unchanged' : 'refuse';
    default:
      return CONNECTION_SETTINGS.has(name) ? 'restore' : 'pass';
  }
}

/** `sqlite3GetBoolean` */
export function isOn(value: string): boolean {
  return /^(?:on|yes|true)$/i.test(value) || Number.parseInt(value, 10) > 0;
}

function levelOf(value: string, levels: readonly string[]): number {
  const level = levels.indexOf(value.toLowerCase());
  return level === -1 ? Number.parseInt(value, 10) : level;
}
