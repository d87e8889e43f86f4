/**
 * How many connections this process may have on a server, so that all processes that test there find
 * room: asked of the server once, when the first connection is there. Knows no pool.
 */
import { availableParallelism } from 'node:os';
import { HazardError } from '../hazard-error.ts';
import { OWN } from './owner.ts';

/** The share of one process. */
export interface Budget {
  readonly connections: number;
  /** How it comes about, for messages. */
  readonly words: string;
}

/** Something that a statement is asked of. */
export interface Asked {
  query(text: string, values: unknown[]): Promise<Facts[] | { readonly rows: Facts[] }>;
}

/** A limit, and how much of it sessions have taken that are not savepoint's. */
interface Limit {
  /** What it limits, in words. */
  readonly of: string;
  readonly most: number;
  readonly taken: number;
  /** Processes that it limits and that hold something of savepoint's, on any machine. */
  readonly processes: number;
}

interface Facts {
  /** That of the server, and those of role and database where they have any. */
  readonly limits: readonly Limit[];
}

/** Asks the functions behind pg_stat_activity and pg_locks: the views join what nobody needs here. */
const FACTS = `with sessions as (
    select pid, usesysid, datid,
      -- What kind of session another role's is may be hidden, but not whose.
      coalesce(backend_type, 'client backend') = 'client backend' and usesysid is not null
        and coalesce(application_name, '') not like 'savepoint%' as other
    from pg_stat_get_activity(null)
  ), processes as (
    select usesysid from sessions where pid in (
      select pid from pg_lock_status() where locktype = 'advisory' and classid = $1 and granted
    )
  ), limits as (
    select 'the server' as of,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) as most,
      (select count(*) from sessions where other) as taken, (select count(*) from processes) as processes
    union all
    select 'role ' || rolname, rolconnlimit, (select count(*) from sessions where other and usesysid = oid),
      (select count(*) from processes where usesysid = oid)
    from pg_roles where rolname = current_user and rolconnlimit >= 0 and not rolsuper
    union all
    select 'database ' || datname, datconnlimit, (select count(*) from sessions where other and datid = oid),
      (select count(*) from processes)
    from pg_database where datname = current_database() and datconnlimit >= 0
  )
  select json_agg(limits) as limits from limits`;

/** @param ask a connection to the server */
export async function budgetOn(ask: Asked): Promise<Budget> {
  const answer = await ask.query(FACTS, [OWN]);
  const [facts] = 'rows' in answer ? answer.rows : answer;
  if (!facts) throw new Error('the server answered without a row');
  return budgetFrom(facts, processesHere());
}

/** @param here how many processes of this machine test at the same time, at most */
export function budgetFrom({ limits }: Facts, here: number): Budget {
  const shares = limits.map((limit) => {
    const processes = Math.max(limit.processes, here);
    return { ...limit, processes, share: Math.floor(roomIn(limit) / processes) };
  });
  const [least] = shares.sort((a, b) => a.share - b.share);
  if (!least) throw new Error('the server has no limit');
  const { of, most, taken, processes, share } = least;
  const sharers = processes === 1 ? 'one test process' : `${String(processes)} test processes`;
  return {
    connections: share,
    words: `${of} takes ${String(most)} connections, others have ${String(taken)} of them, and ${sharers} may run`,
  };
}

function roomIn({ most, taken }: Limit): number {
  return Math.max(0, most - taken);
}

/** More than there is room for was asked for. */
export function overBudget(asked: string, { words, connections }: Budget): HazardError {
  return new HazardError('require-pool-budget', {
    values: { asked, words, share: connections },
  });
}

/** The server has no connection left. @param cause what it said */
export function noConnectionLeft(cause: Error): HazardError {
  return new HazardError('require-pool-budget', {
    happened: `the server takes no more connections: ${cause.message}.`,
    cause,
  });
}

/** How many test processes node:test runs at a time, as far as this one is told. */
export function processesHere(
  { execArgv, env }: Pick<NodeJS.Process, 'execArgv' | 'env'> = process,
  cores: number = availableParallelism(),
): number {
  if (!env.NODE_TEST_CONTEXT?.startsWith('child')) return 1;
  const FLAG = '--test-concurrency';
  const at = execArgv.findLastIndex((flag) => flag === FLAG || flag.startsWith(`${FLAG}=`));
  const said = execArgv[at]?.split('=')[1] ?? execArgv[at + 1];
  const processes = at === -1 ? NaN : Number(said);
  // What node:test does when nobody says.
  return Number.isInteger(processes) && processes > 0 ? processes : Math.max(1, cores - 1);
}
