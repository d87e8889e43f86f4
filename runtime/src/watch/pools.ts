/** The lifetimes of pg's pools, clients and connections, recorded for the catalogue to judge. */
import { judge, report } from '../lifetimes/judge.ts';
import { nounOf, type Fixture, type Ledger } from '../lifetimes/ledger.ts';
import { isWithin, sayScope, type RunScope } from '../lifetimes/run-scope.ts';
import { formatPlace } from '../trace.ts';
import { isAwaited } from './awaited.ts';
import type { Call, Client, PgEvents, Pool } from './pg-driver.ts';
import type { Releases } from './releases.ts';

/**
 * Records what the driver tells.
 * @param stuck called with its scope when a hook waits for the end of a pool whose clients are out
 */
export function watchPools(
  ledger: Ledger,
  releases: Releases,
  stuck: (scope: RunScope) => void,
): Partial<PgEvents> {
  const made = new Map<Pool, Call>();
  const opened = new WeakMap<Pool, number>();
  const endings = new WeakMap<Pool | Client, Call>();
  const clientsOut = new Map<Client, { readonly fixture: Fixture; readonly lender: Pool }>();

  const outOf = (pool: Pool) =>
    [...clientsOut.values()].filter(({ lender }) => lender === pool).map(({ fixture }) => fixture);

  /** Waits a moment: the same hook may release them right after, but no other hook runs before. */
  function checkOrder(pool: Pool, answer: unknown, { hook, scope }: Call): void {
    setImmediate(() => {
      const out = outOf(pool);
      const release = ledger.of(pool)?.release;
      if (pool.ended || !out.length || !release || !hook) return;
      if (out.some(({ owner }) => !owner.ended && isWithin(owner, scope))) {
        release.beforeDependents = true;
        conclude(pool);
      }
      if (isAwaited(answer)) stuck(scope);
    });
  }

  function conclude(resource: Pool | Client): void {
    const fixture = ledger.of(resource);
    if (fixture) judge(fixture, ledger);
  }

  function usedAfterEnd(resource: Pool | Client, call: Call): void {
    const first = endings.get(resource);
    // Work of a test that is over is reported as that, and the dead pool is only where it shows.
    if (!first || call.scope.ended) return;
    const fixture = ledger.of(resource);
    report('no-use-after-end', call.scope, {
      values: { noun: nounOf(fixture?.kind ?? 'pool') },
      acquired: fixture?.acquired,
      used: call.at,
      expected: `once, by ${fixture ? sayScope(fixture.owner) : 'its owner'}; it was ended ${sayCall(first)}`,
    });
  }

  return {
    poolMade(pool, call) {
      made.set(pool, call);
    },

    poolConnects(pool) {
      opened.set(pool, (opened.get(pool) ?? 0) + 1);
      const call = made.get(pool);
      if (!call) return;
      made.delete(pool);
      ledger.acquire({
        kind: 'pool',
        resource: pool,
        owner: call.scope,
        acquired: call.at,
        values: () => ({
          connections: pool.ending ? (opened.get(pool) ?? 0) : pool.totalCount,
          clients: outOf(pool).length,
        }),
        isHeld: () => pool.totalCount > 0 && !pool.options.allowExitOnIdle,
      });
    },

    requested({ pool, ...call }) {
      if (pool.ending) usedAfterEnd(pool, call);
    },

    clientTaken(client, { pool, scope, at }) {
      const fixture = ledger.acquire({
        kind: 'client',
        resource: client,
        owner: scope,
        acquired: at,
      });
      clientsOut.set(client, { fixture, lender: pool });
    },

    clientReleased(client, call) {
      clientsOut.delete(client);
      ledger.release(client, call.scope, call.at);
    },

    poolEnds(pool, call) {
      if (pool.ending) {
        usedAfterEnd(pool, call);
        return;
      }
      endings.set(pool, call);
      ledger.release(pool, call.scope, call.at);
    },

    clientConnects(client, call) {
      ledger.acquire({
        kind: 'connection',
        resource: client,
        owner: call.scope,
        acquired: call.at,
        isHeld: () => client._connected === true && client._ended !== true,
      });
    },

    clientEnds(client, call) {
      endings.set(client, call);
      ledger.release(client, call.scope, call.at);
    },

    ending(resource, answer, during) {
      const isDone = () => ('ended' in resource ? resource.ended : resource._ended === true);
      releases.begin({ resource, during, answer, isDone });
      if ('ended' in resource) checkOrder(resource, answer, during);
    },
  };
}

function sayCall({ scope, hook, at }: Call): string {
  const place = at.place ? `at ${formatPlace(at.place)}, ` : '';
  return `${place}${hook ? `in a ${hook.type} hook of ` : 'in '}${sayScope(scope)}`;
}
