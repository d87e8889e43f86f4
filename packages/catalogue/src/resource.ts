/** The shape of a row in the table of resources. JSON only, so that a user's setting can hold rows too. */
import type { ResourceKind } from './vocabulary.ts';

/** How a resource is acquired from an export of a module. */
export interface Resource {
  /** The module specifier, `pg`. */
  readonly module: string;
  /** The export, `Pool`; `default` is the default export (for CommonJS, the module itself). */
  readonly export: string;
  readonly kind: ResourceKind;
  /** `new`: a constructor. `call`: a function whose result, awaited or not, is the resource. */
  readonly acquiredBy: 'new' | 'call';
  /** Call only: it is a resource of its own only when the first argument is a string (a URL). */
  readonly whenGivenUrl?: boolean;
  /**
   * Methods that release it, the preferred one first, dotted where they lie deeper. None: it needs no
   * release itself, and a method that lends nothing answers itself, as a builder's do.
   */
  readonly releasedBy: readonly string[];
  /** Further methods that release it, and answer nothing to await whatever its kind does. */
  readonly releasedAtOnceBy?: readonly string[];
  /** Whether the release answers a promise that must be awaited; absent: as its kind does. */
  readonly releaseIsAsynchronous?: boolean;
  /** Properties of the first argument with which it opens nothing of its own. */
  readonly exceptWith?: readonly string[];
  /** A method that must be called before there is anything to release: a server listens, a connection connects. */
  readonly openedBy?: readonly string[];
  /** Whether its first use opens it, whatever that is: one that nothing uses holds nothing. */
  readonly opensAtFirstUse?: boolean;
  /** Options, `{ lazyConnect: true }`, with which it opens at its first use though it does not of itself. */
  readonly opensAtFirstUseWith?: readonly string[];
  /** Methods before which it keeps nothing alive, though there is something to release: an app listens. Absent: it does at once. */
  readonly keepsAliveOnce?: readonly string[];
  /** Resources taken from this one by a method: `pool.connect()` gives a client. */
  readonly lends?: readonly Loan[];
}

export interface Loan {
  /** Dotted where it lies deeper; `*` stands for a name that users choose. */
  readonly method: string;
  readonly kind: ResourceKind;
  readonly releasedBy: readonly [string, ...string[]];
  /** As for a resource. */
  readonly releasedAtOnceBy?: readonly string[];
  /** As for a resource. */
  readonly releaseIsAsynchronous?: boolean;
  /** As for a resource. */
  readonly openedBy?: readonly string[];
}

/** A row of the table itself. */
export interface CheckedResource extends Resource {
  /** The version of the package, or of Node for its own modules, in which what the row says was found to be so. */
  readonly checked: string;
}

/** Rows that differ in their export alone. */
export function exportsOf(
  module: string,
  names: readonly string[],
  row: Omit<CheckedResource, 'module' | 'export'>,
): CheckedResource[] {
  return names.map((name) => ({ module, export: name, ...row }));
}
