/** How a failed migration is told: its own error first, then where; to other processes as well. */
import type pg from 'pg';
import { SetupError, type SetupErrorCode } from '../../setup-error.ts';
import { codeOf } from '../connect.ts';

/** The server's code for what cannot run in a transaction. */
const IN_TRANSACTION = '25001';

/** A notification holds 8000 bytes. */
const MOST_CHARACTERS = 1_900;

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

/** A failure as text for other processes. */
export function tellFailure(error: unknown): string {
  const code = codeOf(error);
  const told = {
    code: code?.startsWith('ERR_SAVEPOINT_') ? code : 'ERR_SAVEPOINT_MIGRATION',
    message: messageOf(error).slice(0, MOST_CHARACTERS),
  };
  return JSON.stringify(told);
}

export function readFailure(told: string): SetupError {
  const { code, message } = JSON.parse(told) as { code: SetupErrorCode; message: string };
  return new SetupError(code, message);
}
