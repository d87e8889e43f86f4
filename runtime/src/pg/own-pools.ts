/** Pools and clients of savepoint's own, and pools it stands in for, known without loading a driver. */

const own = new WeakSet<object>();
const stoodIn = new WeakSet<object>();

/** Marks a pool or client as savepoint's: what it is asked goes to the database. */
export function markOwn<Resource extends object>(resource: Resource): Resource {
  own.add(resource);
  return resource;
}

export function isOwn(resource: object): boolean {
  return own.has(resource);
}

/** Marks a pool of the app's whose questions go to sandboxes. */
export function markStoodIn(pool: object): void {
  stoodIn.add(pool);
}

/** Whether savepoint stands in for this pool, so that it sees itself what is done with it. */
export function isStoodIn(pool: object): boolean {
  return stoodIn.has(pool);
}
