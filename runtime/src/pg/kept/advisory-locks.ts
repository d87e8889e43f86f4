/**
 * Who holds which advisory lock of a session: to the server all logical clients are one holder, who
 * may take a lock again and give back any. Locks of transactions are not kept here: while one client
 * is in a transaction no other is served. Knows no SQL.
 */

export type LockMode = 'exclusive' | 'shared';

/** A lock as pg_locks shows it: `classid:objid:objsubid`. */
export type LockKey = string;

type Counts = Record<LockMode, number>;

export interface HeldLock<Client> {
  readonly client: Client;
  readonly key: LockKey;
  readonly mode: LockMode;
  readonly count: number;
}

export class AdvisoryLocks<Client extends object> {
  readonly #held = new Map<LockKey, Map<Client, Counts>>();
  /** Held by transactions that ended for the app, and not for the server. */
  readonly #ended = new Set<string>();

  /** Somebody else who holds a lock that this one would have to wait for. */
  inTheWay(client: Client, key: LockKey, mode: LockMode): Client | undefined {
    return this.locks().find(
      (lock) =>
        lock.client !== client &&
        lock.key === key &&
        (mode === 'exclusive' || lock.mode === 'exclusive'),
    )?.client;
  }

  holds(client: Client, key: LockKey, mode: LockMode): boolean {
    return (this.#held.get(key)?.get(client)?.[mode] ?? 0) > 0;
  }

  /** Whether somebody else has what this one would give back. */
  heldByAnother(client: Client, key?: LockKey, mode?: LockMode): boolean {
    return this.locks().some(
      (lock) =>
        lock.client !== client &&
        (key === undefined || lock.key === key) &&
        (mode === undefined || lock.mode === mode),
    );
  }

  locks(): HeldLock<Client>[] {
    return [...this.#held].flatMap(([key, holders]) =>
      [...holders].flatMap(([client, counts]) =>
        (['exclusive', 'shared'] as const).flatMap((mode) =>
          counts[mode] > 0 ? [{ client, key, mode, count: counts[mode] }] : [],
        ),
      ),
    );
  }

  locksOf(client: Client): HeldLock<Client>[] {
    return this.locks().filter((lock) => lock.client === client);
  }

  take(client: Client, key: LockKey, mode: LockMode): void {
    this.#countsOf(client, key)[mode]++;
  }

  /** A lock that ends with the transaction, where it is taken at all. */
  takeForTransaction(key: LockKey, mode: LockMode): void {
    this.#ended.add(`${key} ${mode}`);
  }

  /** Whether the server shows a lock for a transaction that has ended for the app, so that it shows nothing when the session takes it, too. */
  isHiddenByEnded(key: LockKey, mode: LockMode): boolean {
    const isKnown = this.locks().some((lock) => lock.key === key && lock.mode === mode);
    return !isKnown && this.#ended.has(`${key} ${mode}`);
  }

  giveBack(client: Client, key: LockKey, mode: LockMode): void {
    const counts = this.#countsOf(client, key);
    counts[mode] = Math.max(0, counts[mode] - 1);
  }

  giveBackAll(client: Client): void {
    for (const holders of this.#held.values()) holders.delete(client);
  }

  /**
   * Takes over what the server knows.
   * @param present the locks that the session holds, `key mode`
   * @param client who asked last
   * @param ends whether locks that are new are those of a transaction
   */
  reconcile(present: ReadonlySet<string>, client: Client, ends: boolean): void {
    for (const { client: holder, key, mode } of this.locks())
      if (!present.has(`${key} ${mode}`)) this.#countsOf(holder, key)[mode] = 0;
    for (const lock of this.#ended) if (!present.has(lock)) this.#ended.delete(lock);
    const known = new Set(this.locks().map(({ key, mode }) => `${key} ${mode}`));
    for (const lock of present) {
      if (known.has(lock) || this.#ended.has(lock)) continue;
      const [key = '', mode] = lock.split(' ');
      if (ends) this.#ended.add(lock);
      else this.take(client, key, mode === 'shared' ? 'shared' : 'exclusive');
    }
  }

  #countsOf(client: Client, key: LockKey): Counts {
    const holders = this.#held.get(key) ?? new Map<Client, Counts>();
    this.#held.set(key, holders);
    const counts = holders.get(client) ?? { exclusive: 0, shared: 0 };
    holders.set(client, counts);
    return counts;
  }
}

/** The key of `pg_advisory_lock(bigint)` or `pg_advisory_lock(int, int)`; undefined for what is none. */
export function lockKey(values: readonly (string | null | undefined)[]): LockKey | undefined {
  const numbers = values.map((value) =>
    value && /^\s*-?\d+\s*$/.test(value) ? BigInt(value) : undefined,
  );
  const [first, second] = numbers;
  if (first === undefined) return undefined;
  if (numbers.length === 1 && BigInt.asIntN(64, first) === first) {
    const bits = BigInt.asUintN(64, first);
    return `${String(bits >> 32n)}:${String(bits & 0xffff_ffffn)}:1`;
  }
  const areInts = [first, second].every((n) => n !== undefined && BigInt.asIntN(32, n) === n);
  if (numbers.length !== 2 || second === undefined || !areInts) return undefined;
  return `${String(BigInt.asUintN(32, first))}:${String(BigInt.asUintN(32, second))}:2`;
}

/** The arguments that name a lock. */
export function argumentsOf(key: LockKey): string {
  const [first, second, kind] = key.split(':').map((part) => BigInt(part));
  if (kind === 2n)
    return `${String(BigInt.asIntN(32, first ?? 0n))}, ${String(BigInt.asIntN(32, second ?? 0n))}`;
  return String(BigInt.asIntN(64, ((first ?? 0n) << 32n) | (second ?? 0n)));
}
