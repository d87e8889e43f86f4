/**
 * Whose code is inside which transaction of the app: known from the answer to BEGIN on, to whatever
 * code goes on with it, calls and awaits. Knows no client.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { onOperationBegun, trackTests } from '../ambient-test.ts';
import { Continuation } from '../continuation.ts';
import type { Trace } from '../trace.ts';
import { OwnWork, type Pending } from './own-work.ts';
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
}

const around = new AsyncLocalStorage<Inside>();
const continuation = new Continuation(around);
/** What code inside a transaction has begun. */
const works = new WeakMap<Begun, OwnWork>();

let noting = false;

/** From the first transaction on: what every operation pays for, suites without any need not. */
function noteWork(): void {
  if (noting) return;
  noting = true;
  trackTests();
  onOperationBegun((type, operation) => {
    for (let inside = transactionsAround(); inside; inside = inside.outer)
      works.get(inside.begun)?.note(type, operation);
  });
}

type Callback = (error: Error | null | undefined, result?: unknown) => void;

/**
 * Has the code that hears the answer to a BEGIN go on inside the transaction: what it calls, awaits
 * and returns to. What runs beside it does not.
 * @param heard resolves the promise of the answer, or calls back
 */
export function enteringTransaction(
  begun: Begun,
  client: InTransaction,
  heard: Callback,
): Callback {
  const outer = transactionsAround();
  return (error, result) => {
    if (error || client.transaction?.begun !== begun) {
      heard(error, result);
      return;
    }
    noteWork();
    works.set(begun, new OwnWork());
    continuation.resume({ begun, client, outer }, () => {
      heard(error, result);
    });
  };
}

/** The open transactions that the running code is inside of. */
export function transactionsAround(): Inside | undefined {
  return openOnes(around.getStore());
}

/** The same, for code that asks this client: inside its transaction, it is where BEGIN's answer went. */
export function transactionsAroundAsker(client: InTransaction): Inside | undefined {
  const inside = transactionsAround();
  if (inside?.client === client) continuation.arrived(inside);
  return inside;
}

/** The promise that was resolved just now is another's: who awaits it does not go on with the code that runs. */
export function toldSomebodyElse(): void {
  continuation.disregard();
}

/** Whether code inside the transaction began something that may still go on with it. */
export function mayGoOn(begun: Begun, how: Pending): boolean {
  return works.get(begun)?.isPending(how) ?? false;
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
