/** A program of statements by several clients of one pool, as data and as code to read. */

/** Two clients that are checked out from the beginning, and the pool itself. */
export const CLIENTS = ['a', 'b', 'c'] as const;
export type ClientName = (typeof CLIENTS)[number];
export type Speaker = ClientName | 'pool';

/** A statement. */
export interface Query {
  readonly on: Speaker;
  readonly sql: string;
  readonly values?: readonly unknown[];
  /** A named statement's name. */
  readonly name?: string;
  readonly rowMode?: 'array';
}

/** A cursor of `pg-cursor` that is read in portions and closed. */
export interface CursorRead {
  readonly on: ClientName;
  readonly cursor: string;
  readonly values?: readonly unknown[];
  /** How many rows each. */
  readonly reads: readonly number[];
}

/** COPY through a stream of `pg-copy-streams`; what is written to it, or nothing where it is read. */
export interface Copy {
  readonly on: ClientName;
  readonly copy: string;
  readonly input?: string;
}

/** The client goes back to the pool and another is taken; left out while it is in a transaction. */
export interface Exchange {
  readonly on: ClientName;
  readonly exchange: true;
}

export type Step = Query | CursorRead | Copy | Exchange;

export type Program = readonly Step[];

/** A program as code, one step a line. */
export function formatProgram(program: Program): string {
  return ['[', ...program.map((step) => `  ${formatStep(step)},`), ']'].join('\n');
}

function formatStep(step: Step): string {
  const entries = Object.entries(step).filter(([, value]) => value !== undefined);
  return `{ ${entries.map(([key, value]) => `${key}: ${formatValue(value)}`).join(', ')} }`;
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (!value.includes("'")) return `'${escape(value)}'`;
  return value.includes('"') ? `\`${escape(value)}\`` : JSON.stringify(value);
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
