/** Pools and clients of savepoint's own, known without loading a driver. */

const own = new WeakSet<object>();

/** Marks a pool or client as savepoint's: what it is asked goes to the database. */
export function markOwn<Resource extends object>(resource: Resource): Resource {
  own.add(resource);
  return resource;
}

export function isOwn(resource: object): boolean {
  return own.has(resource);
}
