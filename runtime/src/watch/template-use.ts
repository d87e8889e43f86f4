/** Databases that cannot be copied, renamed or dropped because somebody is connected to them: who that is. */
import { report } from '../lifetimes/judge.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { isWord, splitStatements } from '../pg/sql-lexer.ts';
import { sayForeign, sessionsIn, type Session } from './aside.ts';
import type { Findings } from './findings.ts';
import {
  openConnections,
  originOf,
  poolOf,
  type Call,
  type Client,
  type PgEvents,
  type Sent,
} from './pg-driver.ts';

/** The server's code for an object that is in use. */
const IN_USE = '55006';

/** A connection of this process, as it was when the statement failed. */
interface Connected {
  readonly pid: number | null;
  readonly noun: string;
  readonly origin: Call | undefined;
}

/** Reports such a statement with everybody who was connected. */
export function watchTemplates(findings: Findings): Partial<PgEvents> {
  return {
    failed(sent, { code, message }) {
      const database = code === IN_USE && isAboutDatabase(sent) ? /"(.+?)"/.exec(message)?.[1] : '';
      if (!database) return;
      const own = openConnections()
        .filter((client) => client.database === database && isOnServerOf(client, sent.client))
        .map(describe);
      findings.find(sessionsIn(database, sent.client), (sessions) => {
        const who = [...own.map(sayOwn), ...foreign(sessions, own).map(sayForeign)];
        report('no-template-in-use', sent.scope, {
          values: { database, who: who.join(', ') || 'somebody who has left since' },
          acquired: own[0]?.origin?.at,
          used: sent.at,
        });
      });
    },
  };
}

function isAboutDatabase({ text = '' }: Sent): boolean {
  return splitStatements(text).some(({ tokens }) => isWord(tokens[1], 'database'));
}

function isOnServerOf({ host, port }: Client, other: Client): boolean {
  return host === other.host && port === other.port;
}

function describe(client: Client): Connected {
  const pool = poolOf(client);
  const noun = pool ? 'a pool' : 'a connection';
  return { pid: client.processID, noun, origin: originOf(pool ?? client) };
}

function foreign(sessions: readonly Session[] | undefined, own: readonly Connected[]): Session[] {
  return (sessions ?? []).filter(({ pid }) => !own.some((connected) => connected.pid === pid));
}

function sayOwn({ noun, origin }: Connected): string {
  return `${noun} of ${origin ? sayScope(origin.scope) : 'this process'}`;
}
