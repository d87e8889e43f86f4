/** Is a statement about a temporary table, which only its own connection sees? */
import { perFile } from './per-file.ts';
import type { Reading } from './reading.ts';
import { sendingsOf } from './statements.ts';

const TEMPORARY = /^create (?:global |local )?temp(?:orary)? table (?:if not exists )?"?([\w$]+)/;

/** The names under which the file makes such tables. */
const temporaryTablesOf = perFile((file: Reading): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { statements } of sendingsOf(file)) {
    for (const statement of statements) {
      const [, name] = TEMPORARY.exec(statement) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
});

export function isAboutTemporaryTable(file: Reading, statement: string): boolean {
  const names = temporaryTablesOf(file);
  return names.size > 0 && statement.split(/[^\w$]+/).some((word) => names.has(word));
}
