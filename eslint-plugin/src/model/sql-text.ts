/**
 * What does an SQL text do, by the leading words of its statements? Neither a lexer nor a parser: it
 * knows no grammar beyond them, and no syntax tree of the file that has the text.
 */

/** What stands in a text where the source has an expression. */
export const HOLE = '\u{1}';

const APART = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    String.raw`'(?:[^']|'')*(?:'|$)`,
    String.raw`"(?:[^"]|"")*(?:"|$)`,
    String.raw`\$(?<tag>[a-z_]\w*|)\$[\s\S]*?(?:\$\k<tag>\$|$)`,
    ';',
  ].join('|'),
  'gi',
);

/** The statements of a text in lower case, without comments; of a string only its quotes are left. */
export function statementsOf(text: string): string[] {
  return text
    .replace(APART, (found) => {
      if (found === ';') return '\0';
      if (found.startsWith('--') || found.startsWith('/*')) return ' ';
      return found.startsWith('"') ? found.replaceAll('\0', '') : "''";
    })
    .split('\0')
    .map((statement) => statement.replace(/\s+/g, ' ').trim().toLowerCase())
    .filter((statement) => statement !== '');
}

export function isBegin(statement: string): boolean {
  return /^(begin|start transaction)\b/.test(statement);
}

/** COMMIT, ROLLBACK and their like, PREPARE TRANSACTION too; not the way back to a savepoint. */
export function isEnd(statement: string): boolean {
  return (
    /^(commit|end|rollback|abort|prepare transaction)\b/.test(statement) && !isRollbackTo(statement)
  );
}

export function isRollback(statement: string): boolean {
  return /^(rollback|abort)\b/.test(statement) && !isRollbackTo(statement);
}

export function isRollbackTo(statement: string): boolean {
  return /^rollback( work| transaction)? to\b/.test(statement);
}

export function isSavepoint(statement: string): boolean {
  return /^savepoint\b/.test(statement);
}

/** Creates, alters or drops what other connections see. */
export function changesSchema(statement: string): boolean {
  return (
    /^(create|alter|drop) ((or replace|unlogged|unique|materialized) )*(table|type|schema|role|user|extension|database|index|sequence|view|function|procedure|trigger|domain)\b/.test(
      statement,
    ) && !statement.includes('pg_temp')
  );
}

/** LISTEN, NOTIFY and `pg_notify()`: what they do, they do when a transaction commits. */
export function sendsNotices(statement: string): boolean {
  return /^(?:listen|unlisten|notify)\b|\bpg_notify ?\(/.test(statement);
}

const EMPTIES =
  /^(truncate\b.*|delete from (only )?\S+( where \(?(true|1 ?= ?1)\)?)?( returning .*)?)$/;

/** TRUNCATE, and DELETE whose condition is absent or always true. */
export function emptiesTable(statement: string): boolean {
  return EMPTIES.test(statement);
}

const SHOWN = 60;

/** A text as a message shows it: on one line, not too long. */
export function shortened(text: string): string {
  const line = text.replaceAll(HOLE, '…').replace(/\s+/g, ' ').trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
