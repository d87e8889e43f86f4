/**
 * Connections that break while nobody uses them, and whose pool has no listener for that: Node throws
 * the error where nobody can catch it, and node:test blames the test that happens to run.
 */
import { report } from '../lifetimes/judge.ts';
import { nounOf } from '../lifetimes/ledger.ts';
import { isWithin, sayScope, type RunScope } from '../lifetimes/run-scope.ts';
import { isWord, splitStatements, type Fragment } from '../pg/sql-lexer.ts';
import type { Detector } from './detector.ts';
import { topLevel } from './node-test.ts';
import {
  holderOf,
  originOf,
  poolOf,
  type Call,
  type Client,
  type Failure,
  type PgEvents,
} from './pg-driver.ts';

/** The server ends a session because somebody told it to. */
const TERMINATED = '57P01';

/** A statement of this process that ends the connections of others. */
interface Termination {
  readonly statement: string;
  /** The database it empties; undefined when it may be any session. */
  readonly database: string | undefined;
  readonly by: Call;
}

/** Sees them, and who ended the connection where it was this process. */
export function watchBrokenPools(): Detector & Partial<PgEvents> {
  const running = new Set<RunScope>();
  const terminations: Termination[] = [];
  const told = new WeakSet<Client>();

  return {
    began: (scope) => void running.add(scope),
    ended: (scope) => void running.delete(scope),

    statement(_over, text, by) {
      for (const fragment of splitStatements(text)) {
        const termination = terminationBy(fragment, by);
        if (termination) terminations.unshift(termination);
      }
    },

    broke({ holder, client, error, listeners }) {
      // A client says first why it was ended, and then that it was.
      if (listeners > 0 || told.has(client)) return;
      told.add(client);
      const made = holder === client ? holderOf(client) : originOf(holder);
      const ender = error.code === TERMINATED ? enderOf(client, terminations) : undefined;
      report('require-pool-error-listener', made?.scope ?? topLevel, {
        values: {
          noun: nounOf(holder === client ? kindOf(client) : 'pool'),
          when: sayWhen(running),
          reason: reasonOf(error, ender),
        },
        acquired: made?.at,
        used: ender?.by.at,
        cause: error,
      });
    },
  };
}

function kindOf(client: Client): 'client' | 'connection' {
  return poolOf(client) ? 'client' : 'connection';
}

function enderOf(
  { database }: Client,
  terminations: readonly Termination[],
): Termination | undefined {
  return terminations.find(({ database: name }) => name === undefined || name === database);
}

function reasonOf({ message }: Failure, ender: Termination | undefined): string {
  if (!ender) return message;
  return `${message}, by \`${ender.statement}\` of ${sayScope(ender.by.scope)}`;
}

/** When it happened: node:test holds whatever ran then to be the cause. */
function sayWhen(running: ReadonlySet<RunScope>): string {
  const innermost = [...running].filter(
    (scope) => ![...running].some((other) => other !== scope && isWithin(other, scope)),
  );
  return innermost.length > 0
    ? `while ${innermost.map(sayScope).join(' and ')} ran`
    : 'while no test ran';
}

function terminationBy({ tokens }: Fragment, by: Call): Termination | undefined {
  const [first, second] = tokens;
  if (tokens.some((token) => isWord(token, 'pg_terminate_backend')))
    return { statement: 'pg_terminate_backend', database: undefined, by };
  const isForced = isWord(first, 'drop') && isWord(second, 'database');
  if (!isForced || !tokens.some((token) => isWord(token, 'force'))) return undefined;
  const database = tokens[isWord(tokens[2], 'if') ? 4 : 2]?.value ?? '';
  return { statement: `drop database ${database}`, database, by };
}
