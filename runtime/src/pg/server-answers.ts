/** The errors and notices that PostgreSQL itself would give, where the sandbox answers in its place. */
import pg from 'pg';

const NO_ACTIVE_TRANSACTION = '25P01';
const ACTIVE_TRANSACTION = '25001';

/** `SAVEPOINT can only be used in transaction blocks` and its like, as an error. */
export function onlyInTransactionBlocks(command: string): pg.DatabaseError {
  const message = `${command} can only be used in transaction blocks`;
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), {
    severity: 'ERROR',
    code: NO_ACTIVE_TRANSACTION,
    file: 'xact.c',
  });
}

/** The same as a warning, where the server only warns. */
export function onlyInTransactionBlocksWarning(command: string): object {
  return warning(NO_ACTIVE_TRANSACTION, `${command} can only be used in transaction blocks`);
}

export function noTransactionWarning(): object {
  return warning(NO_ACTIVE_TRANSACTION, 'there is no transaction in progress');
}

export function alreadyInTransactionWarning(): object {
  return warning(ACTIVE_TRANSACTION, 'there is already a transaction in progress');
}

/** The shape of pg's NoticeMessage. */
function warning(code: string, message: string): object {
  return {
    name: 'notice',
    length: message.length,
    severity: 'WARNING',
    code,
    message,
    file: 'xact.c',
  };
}
