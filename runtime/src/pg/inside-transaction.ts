/**
 * Whose code is inside which transaction of the app: known from the BEGIN on, to whatever the code
 * that asked for it calls and awaits. Knows no client.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Trace } from '../trace.ts';
import { statementsOf } from './statements.ts';

/** A transaction, by where its BEGIN was asked for: no two have the same. */
export type Begun = () => Trace;

/** The transactions that code is inside of, the innermost first. */
export interface Inside {
  readonly begun: Begun;
  readonly client: InTransaction;
  readonly outer: Inside | undefined;
}

/** Who may be in a transaction. */
interface InTransaction {
  readonly transaction: { readonly begun: Begun } | undefined;
  /** Whether it has asked what is not answered yet. */
  readonly isBusy: boolean;
}

const around = new AsyncLocalStorage<Inside>();

/**
 * From here on the running code is inside this transaction. What it calls and awaits is so, too;
 * what ran beside it is not. Code that an inner function only awaits its BEGIN of is not reached.
 */
export function enterTransaction(begun: Begun, client: InTransaction): void {
  around.enterWith({ begun, client, outer: openOnes(around.getStore()) });
}

/**
 * The open transactions that the running code is inside of. None while the innermost one waits for an
 * answer: code that runs then, BEGIN itself not being answered for example, runs beside it.
 */
export function transactionsAround(): Inside | undefined {
  const inside = openOnes(around.getStore());
  return inside?.client.isBusy ? undefined : inside;
}

/** Whether code is inside the transaction that was begun there. */
export function isInside(inside: Inside | undefined, begun: Begun): boolean {
  return inside !== undefined && (inside.begun === begun || isInside(inside.outer, begun));
}

/** A transaction after another is not inside it. */
function openOnes(inside: Inside | undefined): Inside | undefined {
  if (!inside || inside.client.transaction?.begun === inside.begun) return inside;
  return openOnes(inside.outer);
}

/**
 * Whether a text begins a transaction that it leaves open.
 * @param inside whether there is one already when it is run
 */
export function leavesTransactionOpen(text: unknown, inside = false): text is string {
  if (typeof text !== 'string' || !MAY_BEGIN.test(text)) return false;
  let open = inside;
  let began = false;
  for (const statement of statementsOf(text)) {
    if (statement.kind === 'begin') {
      began ||= !open;
      open = true;
    } else if (statement.kind === 'commit' || statement.kind === 'rollback') {
      open &&= statement.chain;
      began = open;
    }
  }
  return open && began;
}

/** Most texts cannot, and are not read. */
const MAY_BEGIN = /\b(?:begin|start|chain)\b/i;
