/** What of the foreign keys is broken at a moment, and what became of it since another. Knows nothing of when it is due. */
import { databasesOf, quoted, schemaOf, type DeferringSchema } from './deferring-schema.ts';
import type { RawHandle } from './driver.ts';

interface Violation {
  /** Rows without a rowid cannot be told apart. */
  readonly times: number;
  readonly isDeferred: boolean;
}

export type Violations = ReadonlyMap<string, Violation>;
export const NONE_BROKEN: Violations = new Map();

export function violationsIn(raw: RawHandle, schema: DeferringSchema): Violations {
  const found = new Map<string, Violation>();
  for (const database of databasesOf(raw))
    for (const row of checked(raw, database)) {
      const violation = JSON.stringify([database, row]);
      const isDeferred = schema.isDeferred(database, String(row['table']), Number(row['fkid']));
      found.set(violation, { isDeferred, times: (found.get(violation)?.times ?? 0) + 1 });
    }
  return found;
}

export function timesIn(violations: Violations): number {
  return [...violations.values()].reduce((sum, { times }) => sum + times, 0);
}

export interface Tally {
  readonly made: number;
  readonly mended: number;
}

/** What was broken and what was put right in between, of keys that are deferred, or of those that are not. */
export function tally(before: Violations, now: Violations, areDeferred: boolean): Tally {
  const appeared = (here: Violations, there: Violations): number =>
    [...here]
      .filter(([, { isDeferred }]) => isDeferred === areDeferred)
      .map(([violation, { times }]) => Math.max(0, times - (there.get(violation)?.times ?? 0)))
      .reduce((sum, times) => sum + times, 0);
  return { made: appeared(now, before), mended: appeared(before, now) };
}

function checked(raw: RawHandle, database: string): Record<string, unknown>[] {
  try {
    return raw.all(`PRAGMA ${database}.foreign_key_check`);
  } catch {
    // Some key fits no index of its parent: nothing can be written to that table, but to all others.
    return tablesWithKeys(raw, database).flatMap((table) => checkedTable(raw, database, table));
  }
}

function tablesWithKeys(raw: RawHandle, database: string): string[] {
  return raw
    .all(`SELECT name FROM ${schemaOf(database)} WHERE type = 'table' AND sql LIKE '%REFERENCES%'`)
    .map(({ name }) => String(name));
}

function checkedTable(raw: RawHandle, database: string, table: string): Record<string, unknown>[] {
  try {
    return raw.all(`PRAGMA ${database}.foreign_key_check(${quoted(table)})`);
  } catch {
    return [];
  }
}
