/**
 * What a test still waits for when its time is up, and who holds it: a client of a pool, or the
 * answer to a statement that another session blocks.
 */
import { report } from '../lifetimes/judge.ts';
import { isWithin, sayScope, type RunScope } from '../lifetimes/run-scope.ts';
import { blockersOf, sayForeign, type Session } from './aside.ts';
import type { Detector } from './detector.ts';
import type { Findings } from './findings.ts';
import {
  holderOf,
  holdersOf,
  isQueued,
  openConnections,
  pendingRequests,
  underWay,
  type Call,
  type Client,
  type Request,
  type Sent,
} from './pg-driver.ts';

/** How often is looked for waits, in milliseconds. */
const LOOK = 250;
/** A statement that was seen so often is slow: who blocks it is asked, and again at twice the age. */
const SLOW_LOOKS = 2;
/** From then on a wait is reported although no time-out has ended it. */
const LONG_LOOKS = 40;

// Kept from before a test can mock the timers.
const { setInterval } = globalThis;

/** What is known of a wait while it goes on. */
interface Wait {
  looks: number;
  /** Who blocks it, as far as the server has said. */
  blockers: readonly Session[] | undefined;
}

/** @param tell called when there is something to report that must not wait for the end of the run */
export function watchWaits(findings: Findings, tell: () => void): Detector {
  const running = new Set<RunScope>();
  const waits = new WeakMap<Call, Wait>();
  const reported = new WeakSet<Call>();

  /** Looks at everything that waits now: what is long is reported, who blocks what is slow is asked. */
  function look(): void {
    for (const request of new Set([...running].flatMap(queuedIn))) {
      if (seeAgain(request).looks < LONG_LOOKS || reported.has(request)) continue;
      reportQueued(request);
      tell();
    }
    for (const sent of new Set([...running].flatMap(sentIn))) {
      const wait = seeAgain(sent);
      if (wait.looks >= SLOW_LOOKS && isPowerOfTwo(wait.looks)) void learn(sent, wait);
      if (wait.looks < LONG_LOOKS || !wait.blockers?.length || reported.has(sent)) continue;
      reportBlocked(sent, wait.blockers);
      tell();
    }
  }

  function seeAgain(call: Call): Wait {
    const wait = waits.get(call) ?? { looks: 0, blockers: undefined };
    waits.set(call, wait);
    wait.looks++;
    return wait;
  }

  async function learn(sent: Sent, wait: Wait): Promise<void> {
    const blockers = await blockersOf(sent.client);
    // Of use only while it is the same statement that waits.
    if (underWay(sent.client) === sent) wait.blockers = blockers ?? wait.blockers;
  }

  function judge(scope: RunScope): void {
    queuedIn(scope).forEach(reportQueued);
    for (const sent of sentIn(scope)) {
      const known = waits.get(sent)?.blockers;
      if (known?.length) reportBlocked(sent, known);
      else findings.find(blockersOf(sent.client), (blockers) => reportBlocked(sent, blockers));
    }
  }

  function reportQueued(request: Request): void {
    if (reported.has(request)) return;
    reported.add(request);
    const { pool, scope, at } = request;
    const holders = holdersOf(pool);
    report('no-unbounded-wait', scope, {
      values: {
        wanted: `a client of a pool that has ${String(pool.options.max)}`,
        holder: `which ${listOf(holders.map((holder) => sayScope(holder.scope)))} held`,
      },
      acquired: holders[0]?.at,
      used: at,
    });
  }

  /** @param blockers undefined when the server cannot be asked; nobody when the statement is only slow */
  function reportBlocked(sent: Sent, blockers: readonly Session[] | undefined): void {
    if (blockers?.length === 0 || reported.has(sent)) return;
    reported.add(sent);
    const known = blockers?.map((session) => ({ session, held: heldHere(session, sent) }));
    report('no-unbounded-wait', sent.scope, {
      values: {
        wanted: 'the answer to a statement',
        holder: known
          ? `which ${listOf(known.map(({ session, held }) => (held ? sayScope(held.scope) : sayForeign(session))))} blocked`
          : 'and the server could not be asked who blocked it',
      },
      acquired: known?.find(({ held }) => held)?.held?.at,
      used: sent.at,
    });
  }

  setInterval(look, LOOK).unref();
  return {
    began: (scope) => void running.add(scope),
    ended: (scope) => void running.delete(scope),
    stopped: judge,
    finished: () => running.forEach(judge),
  };
}

function queuedIn(scope: RunScope): Request[] {
  return pendingRequests().filter((request) => isIn(request, scope) && isQueued(request));
}

function sentIn(scope: RunScope): Sent[] {
  return openConnections().flatMap((client) => {
    const sent = underWay(client);
    return sent && isIn(sent, scope) ? [sent] : [];
  });
}

function isIn(call: Call, scope: RunScope): boolean {
  return isWithin(call.scope, scope);
}

/** Who has the connection of this process that a session of the server is. */
function heldHere({ pid }: Session, waiting: Sent): Call | undefined {
  const isBlocker = (client: Client) =>
    client.processID === pid && client.host === waiting.client.host;
  const client = openConnections().find(isBlocker);
  return client && holderOf(client);
}

function listOf(names: readonly string[]): string {
  return [...new Set(names)].join(' and ') || 'nobody of this process';
}

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
