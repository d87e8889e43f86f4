/** Connections that remember: prepared statements that meet another schema than they were made for. */
import { report } from '../lifetimes/judge.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { splitStatements } from '../pg/sql-lexer.ts';
import { formatPlace } from '../trace.ts';
import {
  hasParsed,
  poolOf,
  type Call,
  type Client,
  type Failure,
  type PgEvents,
  type Pool,
  type Sent,
} from './pg-driver.ts';
import { beginsWith, CHANGES, headOf } from './schema-changes.ts';

/** A statement of this process after which prepared statements may fail. */
interface Change {
  readonly statement: string;
  readonly by: Call;
}

const FORGETS = new Set(['deallocate', 'discard']);

/** Reports them with the schema change of this process that came before. */
export function watchSchemaChurn(): Partial<PgEvents> {
  /** Of the schema, which every connection meets. */
  let changed: Change | undefined;
  /** Of what one connection has prepared, or one of a pool's. */
  const forgotten = new WeakMap<Pool | Client, Change>();

  return {
    statement(over, text, by) {
      for (const fragment of splitStatements(text)) {
        const change = { statement: headOf(fragment), by };
        if (beginsWith(fragment, CHANGES)) changed = change;
        if (beginsWith(fragment, FORGETS)) forgotten.set(over, change);
      }
    },
    failed(sent, error) {
      if (!isOfAnotherSchema(sent, error)) return;
      const { client } = sent;
      const forgot = forgotten.get(client) ?? forgotten.get(poolOf(client) ?? client);
      report('no-schema-churn-on-live-pool', sent.scope, {
        values: {
          reason: error.message,
          before: sayChange((error.code === '26000' && forgot) || changed),
        },
        used: sent.at,
        cause: error,
      });
    },
  };
}

function isOfAnotherSchema({ client, name }: Sent, { code, message }: Failure): boolean {
  switch (code ?? '') {
    case '0A000':
      return message.includes('cached plan');
    case 'XX000':
      return message.startsWith('cache lookup failed');
    case '26000':
      return true;
    // A statement that was prepared while its table was there.
    case '42P01':
      return name !== undefined && hasParsed(client, name);
    default:
      return false;
  }
}

function sayChange(change: Change | undefined): string {
  if (!change) return 'no statement of this process changed the schema before';
  const { statement, by } = change;
  const where = by.at.place ? ` (${formatPlace(by.at.place)})` : '';
  return `before, ${sayScope(by.scope)} had run \`${statement}\`${where}`;
}
