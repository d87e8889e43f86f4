/** What is known of a resource once its call is recognised: the catalogue's row, made ready to ask. */
import { RESOURCE_KINDS, type Loan, type Resource, type ResourceKind } from '@savepoint/catalogue';
import { canonicalModule, exportNameOf, type Origin } from './origins.ts';

/** Stands for a method where the value itself is called: `close` of `const { close } = await start()`. */
export const CALLED = '';

export interface Knowledge {
  readonly kind: ResourceKind;
  /** Every method that releases it, the preferred one first. */
  readonly releasedBy: readonly string[];
  /** Whether the preferred release answers a promise that must be awaited. */
  readonly asynchronous: boolean;
  /** Those of the methods that answer nothing to await. */
  readonly releasedAtOnceBy: readonly string[];
  readonly openedBy: readonly string[];
  readonly keepsAliveOnce: readonly string[] | undefined;
  readonly lends: readonly { readonly method: RegExp; readonly resource: Knowledge }[];
  /** The row it comes from; a loan has none. */
  readonly row: Resource | undefined;
  /** An object of a class of the project, whose tests may well be about its end. */
  readonly ofProject?: true;
}

export interface KnownResources {
  /** Whether some resource is opened, lends or is released by a method of this name. */
  mayHave(method: string): boolean;
  /** The modules that export any. */
  readonly modules: ReadonlySet<string>;
  /** Whether an export of this name may make a resource: asked first, because most calls do not. */
  mayMake(name: string): boolean;
  /** Whether some resource lends another by a method of this name. */
  mayLend(name: string): boolean;
  /** Whether some resource, or one that is lent, is released by a method of this name, at once or not. */
  mayRelease(name: string): boolean;
  /** Whether some resource is opened by a method of this name. */
  mayOpen(name: string): boolean;
  /** The resource that this export makes. */
  of(origin: Origin): Knowledge | undefined;
}

export function knownResources(rows: readonly Resource[]): KnownResources {
  const byModule = new Map<string, Map<string, Knowledge>>();
  for (const row of rows) {
    const module = canonicalModule(row.module);
    const byExport = byModule.get(module) ?? new Map<string, Knowledge>();
    byModule.set(module, byExport.set(row.export, knowledgeOf(row)));
  }
  const makers = new Set(['default', ...rows.map((row) => lastOf(row.export))]);
  const lenders = new Set(
    rows.flatMap(({ lends = [] }) => lends.map((loan) => lastOf(loan.method))),
  );
  const openers = new Set(
    rows.flatMap((row) => [row, ...(row.lends ?? [])].flatMap(({ openedBy = [] }) => openedBy)),
  );
  const releasers = new Set(rows.flatMap(({ releasedBy }) => releasedBy.map(lastOf)));
  const ends = new Set(rows.flatMap((row) => [row, ...(row.lends ?? [])].flatMap(endsOf)));
  return {
    mayMake: (name) => makers.has(name),
    mayLend: (name) => lenders.has(name),
    mayRelease: (name) => ends.has(name),
    mayOpen: (name) => openers.has(name),
    mayHave: (method) => releasers.has(method) || lenders.has(method) || openers.has(method),
    modules: new Set(byModule.keys()),
    of(origin) {
      const byExport = origin.from === 'module' ? byModule.get(origin.module) : undefined;
      return byExport?.get(exportNameOf(origin));
    },
  };
}

function endsOf({ releasedBy, releasedAtOnceBy = [] }: Resource | Loan): readonly string[] {
  return [...releasedBy, ...releasedAtOnceBy];
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

const openedOnes = new WeakMap<Knowledge, Knowledge>();

/** The same resource, opened by whoever made it. */
export function opened(resource: Knowledge): Knowledge {
  if (resource.openedBy.length === 0) return resource;
  const known = openedOnes.get(resource) ?? { ...resource, openedBy: [] };
  openedOnes.set(resource, known);
  return known;
}

function knowledgeOf(row: Resource): Knowledge {
  return {
    ...released(row),
    openedBy: row.openedBy ?? [],
    keepsAliveOnce: row.keepsAliveOnce,
    lends: (row.lends ?? []).map((loan) => ({
      method: patternOf(loan.method),
      resource: {
        ...released(loan),
        openedBy: loan.openedBy ?? [],
        keepsAliveOnce: undefined,
        lends: [],
        row: undefined,
      },
    })),
    row,
  };
}

type Released = Pick<Knowledge, 'kind' | 'releasedBy' | 'asynchronous' | 'releasedAtOnceBy'>;

function released(row: Resource | Loan): Released {
  const { kind, releasedAtOnceBy = [] } = row;
  const { releaseIsAsynchronous = RESOURCE_KINDS[kind].releasesAsynchronously } = row;
  const ends = endsOf(row);
  return {
    kind,
    releasedBy: ends,
    asynchronous: releaseIsAsynchronous,
    releasedAtOnceBy: releaseIsAsynchronous ? releasedAtOnceBy : ends,
  };
}

/** `pg.*.connect` as an expression: a star is one name. */
function patternOf(path: string): RegExp {
  return new RegExp(
    `^${path
      .split('.')
      .map((name) => (name === '*' ? '[^.]+' : name.replace(/\W/g, '\\$&')))
      .join('\\.')}$`,
  );
}

/**
 * The same resource as one of another kind: a pool of SQLite is a handle, for it is a file or memory
 * and no server; one that only migrates is a connection.
 */
export function asKind(resource: Knowledge, kind: 'handle' | 'connection'): Knowledge {
  const known = ofKind[kind].get(resource) ?? { ...resource, kind };
  ofKind[kind].set(resource, known);
  return known;
}

const ofKind = {
  handle: new WeakMap<Knowledge, Knowledge>(),
  connection: new WeakMap<Knowledge, Knowledge>(),
};
