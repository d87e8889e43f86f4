/** Pools of savepoint's own and pools it stands in for, known without loading a driver. */

const own = new WeakSet<object>();
const stoodIn = new WeakSet<object>();

/** Marks a pool as savepoint's: what it is asked goes to the database. */
export function markOwn<Pool extends object>(pool: Pool): Pool {
  own.add(pool);
  return pool;
}

export function isOwn(pool: object): boolean {
  return own.has(pool);
}

/** Marks a pool of the app's whose questions go to sandboxes. */
export function markStoodIn(pool: object): void {
  stoodIn.add(pool);
}

/** Whether savepoint stands in for this pool, so that it sees itself what is done with it. */
export function isStoodIn(pool: object): boolean {
  return stoodIn.has(pool);
}
