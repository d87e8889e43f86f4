/**
 * Tables of what an app may say and what comes of it. A row is a program, one line for each
 * statement: what is said, what the app sees, what the server is sent. It is run on a database for
 * real and in a sandbox over another one: what the app sees must not differ, unless the line says so
 * and the row names the limit. Afterwards the sandboxed database must be what it was.
 */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import type { HazardId } from '@savepoint/catalogue';
import { RESERVED_PREFIX } from '../../../../runtime/src/pg/app-transaction.ts';
import { HazardError } from '../../../../runtime/src/hazard-error.ts';
import { splitStatements } from '../../../../runtime/src/pg/sql-lexer.ts';
import { CHECK_CONSTRAINTS } from '../../../../runtime/src/pg/leftovers.ts';
import type { LimitId } from '../../../../runtime/src/pg/limits.ts';
import { openSandbox } from '../../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../../runtime/src/trace.ts';
import {
  afterAllElse,
  administer,
  connectionStringTo,
  scratchDatabase,
} from '../../../support/database.ts';
import { databaseImage } from '../support/database-image.ts';
import { Observer, SCHEMA, type Asked, type Observation } from '../support/twins.ts';
import { tapInto } from '../support/wire-tap.ts';

/**
 * One statement of client `a` as it stands, or with what the app sees of it, or with what the server
 * is sent as well, or all of it by name.
 *
 * What is seen is written `WARNING 25001; BEGIN; T`: notices, then results or the error, then the
 * status of the client's transaction. Rows are written `SELECT (1,Ada)(2,Grace)`, an error `ERROR 25P02`.
 * What is sent is written `SAVEPOINT $tx; *`: `$tx` is the savepoint that stands for the app's
 * transaction, `*` the text as the app said it, `$check` what a COMMIT checks where anything is deferred, nothing means that nothing is sent at once.
 */
export type Line = string | readonly [sql: string, sees: string, sent?: string] | NamedLine;

export interface NamedLine extends Asked {
  readonly sees?: string;
  readonly sent?: string;
  /** What is seen on a real connection, where it is not the same. The row then names the limit. */
  readonly really?: string;
  /** The sandbox refuses it by this name and sends nothing. It is not said for real. */
  readonly refused?: HazardId;
  /** Where it is sent, and refused by what the server says of it. */
  readonly had?: 'no effect';
}

export interface Row {
  readonly name: string;
  readonly lines: readonly Line[];
  /** Made on both sides before. */
  readonly schema?: string;
  /** Of the app's pool, for example `{ options: '-c default_transaction_isolation=serializable' }`. */
  readonly pool?: pg.PoolConfig;
  /** Hazards that are told meanwhile, in order; refusals among them. */
  readonly tells?: readonly HazardId[];
  /** The hazard that the test fails with when its sandbox closes. */
  readonly closesWith?: HazardId;
  /** The limit of `docs/guide/limits.md` that this row shows. */
  readonly limit?: LimitId;
}

/** Registers two tests for each row, one for each protocol, under one test for the table. */
export function testRows(title: string, rows: readonly Row[]): void {
  test(title, async (t) => {
    const databases = await Databases.create(t, SCHEMA);
    for (const row of rows) {
      const own = row.schema === undefined ? databases : await databases.with(t, row.schema);
      await t.test(row.name, (subtest) => own.run(subtest, row, row.lines.map(named)));
      await t.test(`${row.name}, by the extended protocol`, (subtest) =>
        own.run(subtest, row, row.lines.map(named).map(extended)),
      );
    }
  });
}

/**
 * One database for all sandboxes of a table, so that each row shows that those before it left nothing
 * behind, and a copy of another for each real run.
 */
class Databases {
  readonly #template: string;
  readonly #sandboxed: string;
  readonly #witness: pg.Pool;
  readonly #image: readonly string[];
  readonly #t: TestContext;

  private constructor(
    t: TestContext,
    template: string,
    sandboxed: string,
    witness: pg.Pool,
    image: readonly string[],
  ) {
    this.#t = t;
    this.#template = template;
    this.#sandboxed = sandboxed;
    this.#witness = witness;
    this.#image = image;
  }

  static async create(t: TestContext, schema: string, from?: string): Promise<Databases> {
    const template = from === undefined ? await scratchDatabase(t) : await cloneOf(t, from);
    const client = new pg.Client({ connectionString: template });
    await client.connect();
    await client.query(schema);
    await client.end();
    const sandboxed = await cloneOf(t, template);
    const witness = poolOf(t, { connectionString: sandboxed });
    return new Databases(t, template, sandboxed, witness, await databaseImage(witness));
  }

  async run(t: TestContext, row: Row, lines: readonly NamedLine[]): Promise<void> {
    const real = await cloneOf(this.#t, this.#template);
    const [expected, actual] = await Promise.all([
      runForReal(t, real, row, lines),
      runInSandbox(t, this.#sandboxed, row, lines),
    ]);
    assert.deepEqual(
      await databaseImage(this.#witness),
      this.#image,
      'the database is what it was',
    );
    lines.forEach((line, index) => {
      check(row, line, actual[index], expected[index]);
    });
  }

  with(t: TestContext, schema: string): Promise<Databases> {
    return Databases.create(t, schema, this.#template);
  }
}

type Seen = Observation & { readonly on: 'a' | 'b' | 'pool' };
type SeenInSandbox = Seen & { readonly sent: string; readonly refusal: HazardError | undefined };

function check(
  row: Row,
  { refused, had, sees, sent, really, sql }: NamedLine,
  actual: SeenInSandbox | undefined,
  expected: Seen | undefined,
): void {
  assert.ok(actual, `the sandbox came to "${sql}"`);
  if (refused) {
    assert.equal(actual.refusal?.code, refused, `"${sql}" is refused: ${described(actual)}`);
    assert.match(
      actual.refusal.message,
      /database of its own|migrat/,
      'the refusal names the way out',
    );
    if (!had)
      assert.ok(!actual.sent.includes('*'), `a refused statement is not sent: ${actual.sent}`);
    return;
  }
  assert.ok(expected, `the real pool came to "${sql}"`);
  if (sees !== undefined) assert.equal(described(actual), sees, `seen of "${sql}"`);
  if (sent !== undefined) assert.equal(actual.sent, sent, `sent for "${sql}"`);
  if (really === undefined) {
    const { sent: _, refusal: __, ...seen } = actual;
    assert.deepEqual(seen, expected, `"${sql}" in the sandbox and for real`);
  } else {
    assert.ok(row.limit, 'a difference has a name');
    assert.equal(described(expected), really, `seen for real of "${sql}"`);
  }
}

async function runForReal(
  t: TestContext,
  connectionString: string,
  row: Row,
  lines: readonly NamedLine[],
): Promise<(Seen | undefined)[]> {
  const pool = poolOf(t, { ...row.pool, connectionString });
  const observer = await Observer.over(pool, 'real');
  const seen: (Seen | undefined)[] = [];
  for (const line of lines) {
    const asked = askedOf(line);
    seen.push(line.refused ? undefined : { ...(await observer.observe(asked)), on: asked.on });
  }
  await observer.end();
  return seen;
}

async function runInSandbox(
  t: TestContext,
  connectionString: string,
  row: Row,
  lines: readonly NamedLine[],
): Promise<SeenInSandbox[]> {
  const connections = poolOf(t, { ...row.pool, connectionString });
  const sent: string[] = [];
  tapInto(connections, (sql) => sent.push(sql));
  const told: HazardError[] = [];
  const hear = (error: unknown) => {
    if (error instanceof HazardError) told.push(error);
  };
  const sandbox = openSandbox({
    name: t.name,
    opened: captureTrace(),
    checkout: () => connections.connect(),
    giveBack: (client, error) => {
      client.release(error);
    },
    pool: connections.options,
    options: connections.options,
  });
  subscribe('savepoint:hazard', hear);
  const seen: SeenInSandbox[] = [];
  let closed: unknown;
  try {
    const observer = await Observer.over(sandbox.pool, 'sandboxed');
    await sandbox.pool.query('SELECT');
    for (const line of lines) {
      const asked = askedOf(line);
      sent.length = 0;
      const toldBefore = told.length;
      const observation = { ...(await observer.observe(asked)), on: asked.on };
      const refusal = told
        .slice(toldBefore)
        .find(({ message }) => message === observation.error?.message);
      seen.push({ ...observation, sent: abbreviated(sent, asked.sql), refusal });
    }
    await observer.end();
  } finally {
    closed = await sandbox.close().catch((error: unknown) => error);
    unsubscribe('savepoint:hazard', hear);
  }
  assert.equal((closed as HazardError | undefined)?.code, row.closesWith, String(closed));
  const codes = told.map(({ code }) => code);
  assert.deepEqual(
    // What a row leaves to its clients is told at the end, and is seldom what the row is about.
    row.tells ? codes : codes.filter((code) => code !== 'no-dirty-release'),
    row.tells ?? lines.flatMap(({ refused }) => refused ?? []),
    'hazards told',
  );
  return seen;
}

function poolOf(t: TestContext, config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  // `end()` resolves before sockets are closed, and the database is dropped right after.
  pool.on('error', () => undefined);
  t.after(() => pool.end());
  return pool;
}

let clones = 0;

/** A copy of a database that nobody is connected to, dropped with the test. */
async function cloneOf(t: TestContext, template: string): Promise<string> {
  const from = new URL(template).pathname.slice(1);
  const name = `${from}_${String(++clones)}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${from}`);
  afterAllElse(t, () => administer(`DROP DATABASE ${name} WITH (FORCE)`));
  return connectionStringTo(name);
}

// ---- notation

function named(line: Line): NamedLine {
  if (typeof line === 'string') return { sql: line };
  if (!('0' in line)) return line;
  const [sql, sees, sent] = line;
  return { sql, sees, ...(sent === undefined ? {} : { sent }) };
}

/** The same line by the other protocol, which takes one statement at a time. */
function extended(line: NamedLine): NamedLine {
  return splitStatements(line.sql).length > 1 ? line : { ...line, queryMode: 'extended' };
}

function askedOf({
  on = 'a',
  sql,
  values,
  name,
  queryMode,
}: NamedLine): Asked & { on: Seen['on'] } {
  return {
    on,
    sql,
    ...(values && { values }),
    ...(name !== undefined && { name }),
    ...(queryMode && { queryMode }),
  };
}

function described({ notices, results = [], error, status, on }: Seen): string {
  return [
    ...notices.map(({ severity, code }) => `${severity ?? ''} ${code ?? ''}`),
    ...(error ? [`ERROR ${error.code ?? error.message}`] : results.map(describedResult)),
    ...(on === 'pool' ? [] : [on === 'a' ? status.charAt(0) : status.charAt(1)]),
  ].join('; ');
}

function describedResult({
  command,
  rowCount,
  rows,
}: NonNullable<Observation['results']>[number]): string {
  if (rows.length > 0) return `${command} ${rows.map(describedRow).join('')}`;
  return rowCount === null ? command : `${command} ${String(rowCount)}`;
}

function describedRow(row: unknown): string {
  return `(${Object.values(row as object)
    .map(String)
    .join(',')})`;
}

/** What was sent, in one line, without what is left of the statement before the first one. */
function abbreviated(sent: readonly string[], sql: string): string {
  return sent
    .map((text) => (text === sql ? '*' : text === CHECK_CONSTRAINTS ? '$check' : text))
    .join('; ')
    .replaceAll(`${RESERVED_PREFIX}transaction`, '$tx')
    .replace(/;\s*|\s+/g, (gap) => (gap.startsWith(';') ? '; ' : ' '));
}
