/** The errors and notices that PostgreSQL itself would give, where the sandbox answers in its place. */
import pg from 'pg';

const NO_ACTIVE_TRANSACTION = '25P01';
const ACTIVE_TRANSACTION = '25001';

/** `SAVEPOINT can only be used in transaction blocks` and its like, as an error. */
export function onlyInTransactionBlocks(command: string): pg.DatabaseError {
  return error(
    NO_ACTIVE_TRANSACTION,
    `${command} can only be used in transaction blocks`,
    'xact.c',
  );
}

/** A mode that a transaction cannot take any more. */
export function activeTransactionError(message: string): pg.DatabaseError {
  return error(ACTIVE_TRANSACTION, message, 'variable.c');
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

/** What SHOW answers, as pg describes it: one text. */
export function shownColumn(name: string): { readonly fields: readonly object[] } {
  const TEXT = 25;
  return {
    fields: [
      {
        name,
        tableID: 0,
        columnID: 0,
        dataTypeID: TEXT,
        dataTypeSize: -1,
        dataTypeModifier: -1,
        format: 'text',
      },
    ],
  };
}

function error(code: string, message: string, file: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), {
    severity: 'ERROR',
    code,
    file,
  });
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
