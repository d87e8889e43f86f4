/**
 * Connections that a test opens itself to the database its sandbox is in: they see nothing of what it
 * wrote, and wait for its locks. Installed with the sandbox; knows no driver.
 */
import { HazardError } from '../hazard-error.ts';
import type { Notes } from '../notes.ts';
import { leadToSame, type Address } from '../pg/address.ts';
import { around, fullNameOf } from '../running-tests.ts';
import { sayTest } from '../test-family.ts';
import { captureTrace, isOwnCall, type Trace } from '../trace.ts';
import { whoseWork } from '../whose-work.ts';
import { quietly, wrap } from './wrap.ts';

/** A sandbox that has its connection. */
export interface ConnectedSandbox {
  /** As messages call it: `test "x"`. */
  readonly owner: string;
  readonly opened: Trace;
  readonly notes: Notes;
  readonly address: Address;
}

/** A client of `pg`, as far as it is read here. */
type RawClient = Address & {
  /** Set when it really connects, and not a stand-in for it. */
  readonly _connecting?: boolean;
};

/**
 * Tells a test of each sandbox, once, that it reads past it.
 * @param Client the class of raw connections
 * @param isOwn whether a client is savepoint's own
 */
export function watchRawConnections(
  { prototype }: { readonly prototype: object },
  isOwn: (client: object) => boolean,
  sandboxes: () => Iterable<ConnectedSandbox>,
): void {
  wrap(
    prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        const client = this as RawClient;
        const result = original.apply(this, args);
        quietly(() => {
          if (client._connecting === true && !isOwn(client)) look(client, sandboxes());
        });
        return result;
      },
  );
}

function look(client: Address, sandboxes: Iterable<ConnectedSandbox>): void {
  const there = [...sandboxes].filter(({ address }) => leadToSame(client, address));
  if (there.length === 0) return;
  const work = whoseWork();
  if (work.is !== 'of a test') return;
  const names = [work.test, ...around(work.test)].map((test) => sayTest(fullNameOf(test)));
  const sandbox = there.find(({ owner }) => names.includes(owner));
  if (!sandbox || isOwnCall()) return;
  const used = captureTrace();
  // A pool that replaces a connection by itself is not at any line of the user's.
  if (!used.place) return;
  sandbox.notes.tell('no-cross-connection-read', () => {
    const { owner, opened } = sandbox;
    const { database = '' } = client;
    return new HazardError('no-cross-connection-read', {
      values: { test: owner, database },
      acquired: opened,
      used,
    });
  });
}
