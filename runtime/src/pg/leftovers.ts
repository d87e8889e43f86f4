/**
 * What a transaction leaves behind that the server ends with it, but RELEASE SAVEPOINT does not:
 * SET LOCAL, cursors, ON COMMIT tables, deferred constraint modes. Noted from the statements as they
 * pass, put right when the app commits. Effects inside functions are not seen.
 */
import pg from 'pg';
import { OnCommitTables } from './on-commit-tables.ts';
import type { Control } from './exchange.ts';
import { isSymbol, isWord, type Token } from './sql-lexer.ts';
import type { Statement } from './statements.ts';

/** Defers what is declared INITIALLY DEFERRED. By name, for ALL would defer the others too. */
const DEFER_CONSTRAINTS = `DO $savepoint$
DECLARE names text;
BEGIN
  SELECT string_agg(format('%I.%I', nspname, conname), ', ') INTO names FROM (
    SELECT n.nspname, c.conname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
    WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    GROUP BY n.nspname, c.conname HAVING bool_and(c.condeferrable) AND bool_or(c.condeferred)
  ) AS deferred;
  IF names IS NOT NULL THEN EXECUTE 'SET CONSTRAINTS ' || names || ' DEFERRED'; END IF;
END
$savepoint$`;

/**
 * Runs the checks that a COMMIT would run, in the same subtransaction, so that the effects of
 * deferred triggers stay; then defers again.
 */
export const CHECK_CONSTRAINTS = `SET CONSTRAINTS ALL IMMEDIATE;
${DEFER_CONSTRAINTS}`;

/** Statements after which a database may have other deferred constraints than before. */
const CHANGES_SCHEMA = ['create', 'alter', 'drop', 'do', 'call'];

let stashes = 0;

export class Leftovers {
  /** By parameter: where its value from before the transaction is kept, in the server. */
  readonly #stashed = new Map<string, string>();
  readonly #cursors = new Set<string>();
  readonly #tables: OnCommitTables;
  #constraintsChanged = false;
  #schemaChanged = false;
  /** Whether there are constraints that the last check has not deferred again. */
  #hasNewDeferred = false;

  /** @param tables made in earlier transactions */
  constructor(tables = new OnCommitTables()) {
    this.#tables = tables;
  }

  /** Whether constraint modes or deferred constraints themselves may have changed. */
  get constraintsChanged(): boolean {
    return this.#constraintsChanged || this.#schemaChanged;
  }

  /** Whether it holds no table that a transaction's end empties. */
  get isEmpty(): boolean {
    return this.#tables.isEmpty;
  }

  /** What must be sent ahead of the next statements, however many are sent together. */
  ahead(): Control[] {
    const numbered = this.#tables.numberNew();
    // The app's own SET CONSTRAINTS are for those to come, too.
    if (!this.#hasNewDeferred || this.#constraintsChanged) return numbered;
    this.#hasNewDeferred = false;
    return [...numbered, DEFER_CONSTRAINTS];
  }

  /**
   * Notes a statement before it is sent.
   * @param values its parameters
   * @returns what must be sent ahead of it
   */
  note(statement: Statement, values: readonly unknown[]): Control[] {
    const { tokens } = statement.fragment;
    if (statement.kind === 'set constraints') this.#constraintsChanged = true;
    if (statement.kind === 'block only' && statement.cursor !== undefined)
      this.#cursors.add(statement.cursor);
    // RESET ALL is for every parameter, and for those that values are kept in.
    if (statement.kind === 'set session')
      if (statement.parameter === undefined) this.#stashed.clear();
      else this.#stashed.delete(statement.parameter);
    if (statement.mentions.has('deferred constraint')) this.#hasNewDeferred = true;
    if (CHANGES_SCHEMA.includes(tokens[0].value)) this.#schemaChanged = true;
    const set = settingsOf(tokens, values);
    // What is set for good after it was set for the transaction stays.
    for (const { parameter, isLocal } of set) if (!isLocal) this.#stashed.delete(parameter);
    const parameters = set.filter(({ isLocal }) => isLocal).map(({ parameter }) => parameter);
    if (statement.kind === 'set local' && statement.parameter !== undefined)
      parameters.push(statement.parameter);
    // Another user begins with no role.
    if (parameters.includes(AUTHORIZATION)) parameters.push(ROLE);
    return [
      ...this.#tables.note(tokens),
      ...parameters.flatMap((parameter) => this.#stash(parameter)),
    ];
  }

  /** What puts things right once the transaction's savepoint is released. */
  tidy(): Control[] {
    // A role that was set for good outlives the user who took it, whose end would take it away.
    const outlives = this.#stashed.has(AUTHORIZATION) ? this.#stash(ROLE) : [];
    return [
      ...outlives,
      ...[...this.#stashed].toSorted(roleLast).map(restoreParameter),
      ...(this.#cursors.size > 0 ? [closeCursors([...this.#cursors])] : []),
      ...this.#tables.tidy(),
    ];
  }

  /** The tables that every later transaction's end empties, too. */
  get lasting(): Leftovers {
    return new Leftovers(this.#tables.lasting);
  }

  /** Takes over what an earlier transaction left for every later one. */
  inherit(earlier: Leftovers): void {
    this.#tables.inherit(earlier.#tables);
  }

  #stash(parameter: string): string[] {
    if (this.#stashed.has(parameter)) return [];
    const stash = `savepoint.stash_${String(++stashes)}`;
    this.#stashed.set(parameter, stash);
    // The sign tells a kept value from a stash that was itself rolled back, which reads as ''.
    return [
      `SELECT pg_catalog.set_config('${stash}', '=' || coalesce(pg_catalog.current_setting(${pg.escapeLiteral(parameter)}, true), ''), false)`,
    ];
  }
}

const AUTHORIZATION = 'session_authorization';
const ROLE = 'role';

type Stashed = readonly [parameter: string, stash: string];

/** To be another user takes the role away. */
function roleLast([one]: Stashed, [other]: Stashed): number {
  return Number(one === ROLE) - Number(other === ROLE);
}

function restoreParameter([parameter, stash]: Stashed): string {
  return (
    `SELECT pg_catalog.set_config(${pg.escapeLiteral(parameter)}, substr(kept, 2), false) ` +
    `FROM (SELECT pg_catalog.current_setting('${stash}', true) AS kept) AS stash WHERE kept <> '' ` +
    // There is none such where a cursor that said so was never read.
    `AND pg_catalog.current_setting(${pg.escapeLiteral(parameter)}, true) IS NOT NULL`
  );
}

function closeCursors(names: readonly string[]): string {
  const list = names.map((name) => pg.escapeLiteral(name)).join(', ');
  return `DO $savepoint$
DECLARE found name;
BEGIN
  FOREACH found IN ARRAY ARRAY[${list}]::name[] LOOP
    IF EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE name = found AND NOT is_holdable) THEN
      EXECUTE format('CLOSE %I', found);
    END IF;
  END LOOP;
END
$savepoint$`;
}

interface Setting {
  readonly parameter: string;
  readonly isLocal: boolean;
}

/** What the calls of `set_config(name, value, is_local)` in a statement set, as far as its text tells. */
function settingsOf(tokens: readonly Token[], values: readonly unknown[]): Setting[] {
  const settings: Setting[] = [];
  tokens.forEach((token, index) => {
    if (!isWord(token, 'set_config') || !isSymbol(tokens[index + 1], '(')) return;
    const [name, , local] = argumentsOf(tokens, index + 2);
    const parameter = name && constantOf(name, values);
    const isLocal = local && LOCALITIES.get(constantOf(local, values));
    if (typeof parameter === 'string' && isLocal !== undefined)
      settings.push({ parameter: parameter.toLowerCase(), isLocal });
  });
  return settings;
}

const LOCALITIES = new Map<unknown, boolean>([
  [true, true],
  ['true', true],
  [false, false],
  ['false', false],
]);

/** The first token of every argument of a call. */
function argumentsOf(tokens: readonly Token[], from: number): Token[] {
  const first: Token[] = [];
  let depth = 0;
  let begins = true;
  for (const token of tokens.slice(from)) {
    if (begins) first.push(token);
    begins = depth === 0 && isSymbol(token, ',');
    if (isSymbol(token, '(')) depth++;
    if (isSymbol(token, ')') && depth-- === 0) return first;
  }
  return first;
}

function constantOf(token: Token, values: readonly unknown[]): unknown {
  if (token.kind === 'parameter') return values[Number(token.value.slice(1)) - 1];
  return token.kind === 'symbol' || token.kind === 'identifier' ? undefined : token.value;
}
