/** Statements that the server refuses where they are sent: inside a transaction. */
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { sandboxedAt, type Sandbox } from './sandboxes.ts';
import { sendingsOf, type Sending } from './statements.ts';
import { sentInside, transactionsOf } from './transactions.ts';

export interface RefusedStatement {
  readonly sending: Sending;
  /** - `sandbox`: of savepoint; `transaction`: begun by the file. */
  readonly inside: 'sandbox' | 'transaction';
  readonly sandbox?: Sandbox;
}

const REFUSED =
  /^((create|drop) (database|tablespace)|vacuum|(create|create unique|drop) index concurrently|reindex (\([^)]*\) )?(\w+ )?concurrently|alter system)\b/;
/** What ends a transaction of the file's own, and so belongs inside it. */
const REFUSED_IN_SANDBOX = /^prepare transaction\b/;

export function refusedStatements(file: FileModel): RefusedStatement[] {
  const refused = sendingsOf(file).filter(
    ({ node, statements, method }) =>
      method !== 'prepare' &&
      statements.some((each) => REFUSED.test(each) || REFUSED_IN_SANDBOX.test(each)) &&
      !expectedFailureOf(file, node),
  );
  if (refused.length === 0) return [];
  const inTransactions = new Set(
    transactionsOf(file)
      .filter(({ isPostgres }) => isPostgres)
      .flatMap((transaction) => sentInside(file, transaction)),
  );
  return refused.flatMap((sending): RefusedStatement[] => {
    const sandbox = sandboxedAt(file, sending.through)?.sandbox;
    if (sandbox) return [{ sending, inside: 'sandbox', sandbox }];
    const isRefused = sending.statements.some((statement) => REFUSED.test(statement));
    return isRefused && inTransactions.has(sending) ? [{ sending, inside: 'transaction' }] : [];
  });
}
