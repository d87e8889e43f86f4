/**
 * Sequences moved to where no test expects them: a test that has the id of a row written in its text
 * fails at once, in every order, and is told why. Never moves one backwards.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { HazardError } from '../hazard-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { traceOf, type Trace } from '../trace.ts';
import { thisRun } from './run.ts';

/** Every process of a run moves to the same places, and whoever comes second finds them there. */
const LOCK = "SELECT pg_catalog.pg_advisory_xact_lock(hashtext('savepoint sequences'))";

/** Between a million, or a quarter of what its type holds, and a thousand million, or half of it. */
const SCATTER = `SELECT name, greatest(target, at)::text AS floor,
    CASE WHEN target > at THEN pg_catalog.setval(name::regclass, target) END
  FROM (
    SELECT name, at, low + ('x' || substr(md5($1 || name), 1, 8))::bit(32)::bigint % (high - low) AS target
    FROM (
      SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, 0) AS at,
        least(1000000, max_value / 4) AS low, least(1000000000, max_value / 2) AS high
      FROM pg_catalog.pg_sequences WHERE increment_by > 0 AND NOT cycle AND max_value > 1000
    ) AS sequence
  ) AS scattered`;

const POSITIONS = `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::text AS at
  FROM pg_catalog.pg_sequences WHERE last_value IS NOT NULL`;

/** A number in a test's text where a sequence gave another. */
interface Literal {
  readonly expected: bigint;
  readonly actual: bigint;
  readonly sequence: string;
}

export class ScatteredSequences {
  readonly #pool: pg.Pool;
  readonly #seed: string;
  /** By sequence: what it has given since is greater. */
  readonly #floors: ReadonlyMap<string, bigint>;
  readonly #followed = new WeakSet<TestScope>();

  private constructor(pool: pg.Pool, seed: string, floors: ReadonlyMap<string, bigint>) {
    this.#pool = pool;
    this.#seed = seed;
    this.#floors = floors;
  }

  /** Moves all sequences of a database. The environment variable `SAVEPOINT_SEED` repeats a run. */
  static async scatter(pool: pg.Pool): Promise<ScatteredSequences> {
    const seed = process.env['SAVEPOINT_SEED'] ?? (await seedOfRun());
    const client = await pool.connect();
    try {
      await client.query(`BEGIN; ${LOCK}`);
      const { rows } = await client.query<{ name: string; floor: string }>(SCATTER, [seed]);
      await client.query('COMMIT');
      return new ScatteredSequences(
        pool,
        seed,
        new Map(rows.map(({ name, floor }) => [name, BigInt(floor)])),
      );
    } finally {
      client.release();
    }
  }

  /** Tells a test at its end, when its assertion failed, that it expected the id of a sequence to be a number it knew. */
  follow(scope: TestScope, opened: Trace): void {
    if (this.#followed.has(scope)) return;
    this.#followed.add(scope);
    scope.defer(() => this.#tell(scope, opened));
  }

  async #tell(scope: TestScope, opened: Trace): Promise<void> {
    const { failure } = scope;
    const { code, actual, expected, stack = '' } = Object(failure) as Partial<AssertionFailure>;
    if (code !== 'ERR_ASSERTION') return;
    const pairs = [...differences(actual, expected)];
    const literal = pairs.length > 0 ? await this.#literalAmong(pairs) : undefined;
    if (!literal) return;
    process.emitWarning(
      new HazardError('no-hardcoded-id', {
        values: {
          test: sayTest(scope.name),
          expected: String(literal.expected),
          actual: String(literal.actual),
          sequence: literal.sequence,
          seed: this.#seed,
        },
        acquired: opened,
        used: traceOf(stack),
        test: identityOf(scope),
        cause: failure,
      }),
    );
  }

  /** The pair whose one side a sequence gave since it was moved, and whose other lies where it was before. */
  async #literalAmong(pairs: readonly [bigint, bigint][]): Promise<Literal | undefined> {
    // A server that is gone has made the test fail by itself.
    const rows = await this.#pool
      .query<{ name: string; at: string }>(POSITIONS)
      .then((answer) => answer.rows)
      .catch(() => []);
    for (const { name, at } of rows) {
      const floor = this.#floors.get(name);
      if (floor === undefined) continue;
      const isGiven = (id: bigint) => id > floor && id <= BigInt(at);
      const pair = pairs.find(([actual, expected]) => isGiven(actual) && expected < floor / 2n);
      if (pair) return { actual: pair[0], expected: pair[1], sequence: name };
    }
    return undefined;
  }
}

interface AssertionFailure {
  readonly code: string;
  readonly actual: unknown;
  readonly expected: unknown;
  readonly stack: string;
}

async function seedOfRun(): Promise<string> {
  const run = JSON.stringify(await thisRun());
  return createHash('sha256').update(run).digest('hex').slice(0, 8);
}

/** The whole numbers, also as texts, in which two values differ at the same place. */
function* differences(actual: unknown, expected: unknown, depth = 0): Generator<[bigint, bigint]> {
  const [one, other] = [wholeNumber(actual), wholeNumber(expected)];
  if (one !== undefined && other !== undefined && one !== other) yield [one, other];
  if (depth > MAX_DEPTH || !isObject(actual) || !isObject(expected)) return;
  for (const key of Object.keys(expected))
    yield* differences(actual[key], expected[key], depth + 1);
}

/** Deeper than answers of a database and of APIs over it are. */
const MAX_DEPTH = 8;

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
