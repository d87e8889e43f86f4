/** What is known of a resource once its call is recognised: the catalogue's row, made ready to ask. */
import { RESOURCE_KINDS, type Resource, type ResourceKind } from '@savepoint/catalogue';
import { canonicalModule, exportNameOf, type Origin } from './origins.ts';

export interface Knowledge {
  readonly kind: ResourceKind;
  readonly releasedBy: readonly string[];
  readonly asynchronous: boolean;
  readonly openedBy: readonly string[];
  readonly lends: readonly { readonly method: string; readonly resource: Knowledge }[];
  /** The row it comes from; a loan has none. */
  readonly row: Resource | undefined;
}

export interface KnownResources {
  /** The resource that this export makes. */
  of(origin: Origin): Knowledge | undefined;
}

export function knownResources(rows: readonly Resource[]): KnownResources {
  const byExport = new Map(rows.map((row) => [keyOf(row.module, row.export), knowledgeOf(row)]));
  return {
    of: (origin) =>
      origin.from === 'module'
        ? byExport.get(keyOf(origin.module, exportNameOf(origin)))
        : undefined,
  };
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
    lends: (row.lends ?? []).map(({ method, kind, releasedBy, releaseIsAsynchronous }) => ({
      method,
      resource: {
        kind,
        releasedBy,
        asynchronous: releaseIsAsynchronous ?? RESOURCE_KINDS[kind].releasesAsynchronously,
        openedBy: [],
        lends: [],
        row: undefined,
      },
    })),
    row,
  };
}
