/**
 * What runs that are over left on a server, dropped by whoever comes next. Without a clock: what
 * somebody holds stays, and what is not called and marked as savepoint's own is never looked at.
 */
import { readMark, type Mark, type Named } from './database-names.ts';
import { databasesBeingMade, dropWithSessions, endSessionsThatCopy } from './database-sessions.ts';
import type { Owner } from './owner.ts';
import { isKnownToGoOn } from './run.ts';

/** A database of savepoint's, as it was found. */
interface Found extends Named {
  readonly name: string;
  readonly mark: Mark | undefined;
}

/** How much goes. */
export interface Extent {
  /** The lineage of a template that was just made: those it took the place of go, too. */
  readonly lineage?: string | undefined;
  /** Templates and shared databases as well, and the clones of failed tests: all that nobody holds. */
  readonly all?: boolean | undefined;
}

/** What became of them. */
export interface Pruned {
  readonly dropped: readonly string[];
  /** In use, or kept for the next run. */
  readonly left: readonly string[];
}

/**
 * Drops clones, unfinished templates and what was good for one run, of processes that are no more.
 * Any number of processes may do so at once.
 */
export async function dropOrphans(owner: Owner, extent: Extent = {}): Promise<Pruned> {
  await endCopies(owner);
  const found = await databasesOf(owner);
  const dropped: string[] = [];
  await owner.whileUnheld(await holdersThatMayGo(found, extent), async (holder) => {
    // Now that nobody can claim it: it may be finished, gone or kept by this time.
    const now = (await databasesOf(owner)).filter((each) => each.holder === holder);
    if (!(await mayGo(now, extent))) return;
    // A killed process may have left sessions in what it did not finish.
    const forced = !isFinished(now);
    for (const { name, mark } of now) {
      if (mark?.is === 'kept' && !extent.all) continue;
      if (await drop(owner, name, forced && mark?.is !== 'kept')) dropped.push(name);
    }
  });
  const left = found.map(({ name }) => name).filter((name) => !dropped.includes(name));
  return { dropped, left };
}

/** The server goes on copying for a process that was killed, and nobody sees the copy until it is there. */
async function endCopies(owner: Owner): Promise<void> {
  const copies = await copiesOf(owner);
  if (copies.length === 0) return;
  await owner.whileUnheld([...new Set(copies.map(({ holder }) => holder))], (holder) =>
    endSessionsThatCopy(
      owner,
      copies.filter((copy) => copy.holder === holder).map(({ name }) => name),
    ),
  );
}

/** The clones that are being made. */
async function copiesOf(owner: Owner): Promise<(Named & { readonly name: string })[]> {
  const names = await databasesBeingMade(owner, owner.names.prefix);
  return names.flatMap((name) => {
    const named = owner.names.read(name);
    return named?.kind === 'clone' ? [{ ...named, name }] : [];
  });
}

async function holdersThatMayGo(found: readonly Found[], extent: Extent): Promise<string[]> {
  const groups = new Map<string, Found[]>();
  for (const each of found) groups.set(each.holder, [...(groups.get(each.holder) ?? []), each]);
  const holders: string[] = [];
  for (const [holder, group] of groups) if (await mayGo(group, extent)) holders.push(holder);
  return holders;
}

async function databasesOf(owner: Owner): Promise<Found[]> {
  const rows = await owner.query<{ name: string; comment: string | null }>(
    `select datname as name, shobj_description(oid, 'pg_database') as comment
     from pg_database where starts_with(datname, $1) and pg_get_userbyid(datdba) = current_user`,
    [owner.names.prefix],
  );
  return rows.flatMap(({ name, comment }) => {
    const named = owner.names.read(name);
    return named ? [{ ...named, name, mark: readMark(comment) }] : [];
  });
}

/** @param databases all of one holder, whom nobody is */
async function mayGo(databases: readonly Found[], { lineage, all }: Extent): Promise<boolean> {
  if (all) return true;
  const mark = templateIn(databases)?.mark;
  // Clones, and the copy of a template that is no more.
  if (mark?.is !== 'ready') return databases.some((each) => each.mark?.is !== 'kept');
  const { run, lineage: its } = mark;
  // Between two files of a run nobody holds its database.
  if (run) return !(await isKnownToGoOn(run));
  return its === lineage;
}

/** @param forced also when a killed process left a session in it */
function isFinished(databases: readonly Found[]): boolean {
  return templateIn(databases)?.mark?.is === 'ready';
}

function templateIn(databases: readonly Found[]): Found | undefined {
  return databases.find(({ kind }) => kind === 'template');
}

async function drop(owner: Owner, name: string, forced: boolean): Promise<boolean> {
  try {
    if (forced) await dropWithSessions(owner, name);
    else await owner.query(`drop database if exists ${name}`);
    return true;
  } catch {
    // Somebody may be looking at it with a tool of his own. What cannot go now goes another time.
    return false;
  }
}
