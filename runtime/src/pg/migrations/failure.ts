/** How a failed migration is told: its own error first, then where; to other processes as well. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { SetupError, type SetupErrorCode } from '../../setup-error.ts';
import { codeOf } from '../connect.ts';
import type { Mark } from '../database-names.ts';

type Failed = Extract<Mark, { is: 'failed' }>;

/** The server's code for what cannot run in a transaction. */
const IN_TRANSACTION = '25001';

/** It is read with every look at the template. */
const MOST_CHARACTERS = 10_000;

/** @param at where it happened, as far as it is known */
export function migrationError(error: unknown, at: string | undefined): SetupError {
  if (error instanceof SetupError) return error;
  const { detail, hint } = Object(error) as Partial<pg.DatabaseError>;
  const lines = [
    messageOf(error),
    ...(at === undefined ? [] : [`  at ${at}`]),
    ...(detail ? [`  detail: ${detail}`] : []),
    ...(hint ? [`  hint: ${hint}`] : []),
    ...(codeOf(error) === IN_TRANSACTION
      ? [
          '  The server runs what it is sent together as one transaction: put this statement in a migration of its own, without others and without BEGIN.',
        ]
      : []),
    '  This migration failed, so there is no database to test on; nothing of it was kept.',
  ];
  return new SetupError('ERR_SAVEPOINT_MIGRATION', lines.join('\n'), { cause: error });
}

/** The innermost error that says something: libraries wrap the driver's. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * A failure as it is left on the template for other processes, where every role can read it.
 * @param server how the server is connected to
 */
export function tellFailure(error: unknown, server: string): Failed {
  const code = codeOf(error);
  return {
    is: 'failed',
    attempt: randomBytes(6).toString('hex'),
    code: code?.startsWith('ERR_SAVEPOINT_') ? code : 'ERR_SAVEPOINT_MIGRATION',
    message: blankSecrets(messageOf(error), server).slice(0, MOST_CHARACTERS),
  };
}

export function readFailure({ code, message }: Failed): SetupError {
  return new SetupError(code as SetupErrorCode, message);
}

/** What stands behind the name of a secret, and what stands in a URL for one. */
const SECRETS = [
  /((?:password|secret|token)\w*["']?\s*(?:[:=]\s*|\s(?=')))("[^"]*"?|'(?:[^']|'')*'?|[^\s,;)}]+)/gi,
  /(:\/\/[^\s:/?#@]*:)([^\s/?#@]*)(?=@)/g,
];

function blankSecrets(text: string, server: string): string {
  const { user, database, password } = new pg.Client(server);
  // As in postgres:postgres.
  const isNoSecret = !password || password === user || password === database;
  return SECRETS.reduce(
    (said, secret) => said.replace(secret, '$1…'),
    isNoSecret ? text : text.replaceAll(password, '…'),
  );
}
