/** What is known of a resource once its call is recognised: the catalogue's row, made ready to ask. */
import { RESOURCE_KINDS, type Resource, type ResourceKind } from '@savepoint/catalogue';
import { canonicalModule, exportNameOf, type Origin } from './origins.ts';

export interface Knowledge {
  readonly kind: ResourceKind;
  readonly releasedBy: readonly string[];
  readonly asynchronous: boolean;
  readonly openedBy: readonly string[];
  readonly keepsAliveOnce: readonly string[] | undefined;
  readonly lends: readonly { readonly method: string; readonly resource: Knowledge }[];
  /** The row it comes from; a loan has none. */
  readonly row: Resource | undefined;
}

export interface KnownResources {
  /** Whether an export of this name may make a resource: asked first, because most calls do not. */
  mayMake(name: string): boolean;
  /** Whether some resource lends another by a method of this name. */
  mayLend(name: string): boolean;
  /** The resource that this export makes. */
  of(origin: Origin): Knowledge | undefined;
}

export function knownResources(rows: readonly Resource[]): KnownResources {
  const byExport = new Map(rows.map((row) => [keyOf(row.module, row.export), knowledgeOf(row)]));
  const makers = new Set(['default', ...rows.map((row) => lastOf(row.export))]);
  const lenders = new Set(
    rows.flatMap(({ lends = [] }) => lends.map((loan) => lastOf(loan.method))),
  );
  return {
    mayMake: (name) => makers.has(name),
    mayLend: (name) => lenders.has(name),
    of: (origin) =>
      origin.from === 'module'
        ? byExport.get(keyOf(origin.module, exportNameOf(origin)))
        : undefined,
  };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function keyOf(module: string, name: string): string {
  return `${canonicalModule(module)}#${name}`;
}

function knowledgeOf(row: Resource): Knowledge {
  return {
    kind: row.kind,
    releasedBy: row.releasedBy,
    asynchronous: row.releaseIsAsynchronous ?? RESOURCE_KINDS[row.kind].releasesAsynchronously,
    openedBy: row.openedBy ?? [],
    keepsAliveOnce: row.keepsAliveOnce,
    lends: (row.lends ?? []).map(({ method, kind, releasedBy, releaseIsAsynchronous }) => ({
      method,
      resource: {
        kind,
        releasedBy,
        asynchronous: releaseIsAsynchronous ?? RESOURCE_KINDS[kind].releasesAsynchronously,
        openedBy: [],
        keepsAliveOnce: undefined,
        lends: [],
        row: undefined,
      },
    })),
    row,
  };
}
