/** The page that lists the table of resources. Knows the rows and nothing of who asks. */
import type { CheckedResource, Loan, Resource } from './resource.ts';
import { RESOURCE_KINDS } from './vocabulary.ts';

const HEAD = `# The resources that are known

What makes a resource, and how it ends, for every library in the catalogue's table: the rules match imports with it.
Each row was read in the types and the code of the version it names, and most were run, against a socket that never
answers: whether it connects when it is made or when it is first used, and whether its end answers a promise.

Yours are not here? [Add rows by a setting](../../eslint-plugin/README.md#settings). Whatever a test itself makes of an
unknown library and ends with an awaited \`close()\`, \`stop()\`, \`end()\` or the like is seen without a row.

- _made by_: the export, or the default one; then what must be called on it before it holds anything, or "at its first
  use" where any use opens it
- _ended by_: \`await\` where the end answers a promise that a test must wait for
`;

/** The table as Markdown. */
export function resourcePage(resources: readonly CheckedResource[]): string {
  const rows = [...groupedBy(resources, sameButExport).values()].map(rowOf);
  return [
    HEAD,
    '| module | made by | is | ended by | checked in |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function rowOf(group: readonly [CheckedResource, ...CheckedResource[]]): string {
  const [first] = group;
  const cells = [
    code(first.module),
    [group.map(madeBy).join(', '), ...openings(first)].join('; '),
    first.releasedBy.length > 0 ? nounOf(first) : `makes ${(first.lends ?? []).map(nounOf)[0]}s`,
    [...ends(first), ...(first.lends ?? []).map(lent)].join('; '),
    first.checked,
  ];
  return `| ${cells.join(' | ')} |`;
}

function madeBy({ export: name, acquiredBy }: Resource): string {
  if (name === 'default') return acquiredBy === 'new' ? '`new` of the default' : 'the default';
  return code(acquiredBy === 'new' ? `new ${name}()` : `${name}()`);
}

function openings({
  openedBy = [],
  opensAtFirstUse,
  opensAtFirstUseWith,
  whenGivenUrl,
  exceptWith,
}: Resource): string[] {
  return [
    ...(whenGivenUrl ? ['given a URL'] : []),
    ...(exceptWith ? [`not with ${exceptWith.map(code).join(', ')}`] : []),
    ...(openedBy.length > 0 ? [openedBy.map(call).join(' or ')] : []),
    ...(opensAtFirstUse ? ['at its first use'] : []),
    ...(opensAtFirstUseWith
      ? [`at its first use with ${opensAtFirstUseWith.map(code).join(', ')}`]
      : []),
  ];
}

function ends(resource: Resource | Loan): string[] {
  const { releasedBy, releasedAtOnceBy = [], kind } = resource;
  const waits = resource.releaseIsAsynchronous ?? RESOURCE_KINDS[kind].releasesAsynchronously;
  const names = [
    ...releasedBy.map((name) => code(`${waits ? 'await ' : ''}${name}()`)),
    ...releasedAtOnceBy.map(call),
  ];
  return names.length > 0 ? [names.join(', ')] : [];
}

function lent(loan: Loan): string {
  const opened = loan.openedBy ? `, once ${loan.openedBy.map(call).join(' or ')}` : '';
  return `the ${nounOf(loan)} of ${call(loan.method)}${opened}: ${ends(loan).join(', ')}`;
}

function nounOf({ kind }: Resource | Loan): string {
  return RESOURCE_KINDS[kind].noun;
}

function call(name: string): string {
  return code(`${name}()`);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** The row without its export: rows that are equal in it stand in one line. */
function sameButExport({ export: _, ...row }: CheckedResource): string {
  return JSON.stringify(row);
}

function groupedBy<T>(
  all: readonly T[],
  keyOf: (each: T) => string,
): ReadonlyMap<string, readonly [T, ...T[]]> {
  const groups = new Map<string, [T, ...T[]]>();
  for (const each of all) {
    const group = groups.get(keyOf(each));
    if (group) group.push(each);
    else groups.set(keyOf(each), [each]);
  }
  return groups;
}
