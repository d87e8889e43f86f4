/** What `savepoint prune` does: drops what runs left on a server, without a run. */
import { dropOrphans, type Pruned } from './orphans.ts';
import { Owner } from './owner.ts';
import { describeTarget, targetOf } from './test-database.ts';

export interface PruneOptions {
  /**
   * Also what is kept for the next run and for you: migrated templates, shared databases, the clones
   * of failed tests. Default false.
   */
  readonly all?: boolean | undefined;
}

export interface PruneResult extends Pruned {
  /** The server, without a password: `user@host:port`. */
  readonly server: string;
}

/**
 * Drops the databases of savepoint's that no process holds, made by this role. What a live run uses
 * stays, and so does every database that is not savepoint's. Any number of processes may do so at once.
 *
 * @param connectionString the server, as tests are given it
 * @throws SetupError `ERR_SAVEPOINT_CONNECT`, `ERR_SAVEPOINT_CONNECTION_STRING`
 */
export async function prune(
  connectionString: string,
  { all }: PruneOptions = {},
): Promise<PruneResult> {
  const owner = await Owner.on(connectionString);
  try {
    const { database: _database, ...server } = targetOf({ connectionString });
    const [said = ''] = describeTarget({ ...server, database: '' }).split('/');
    return { server: said, ...(await dropOrphans(owner, { all })) };
  } finally {
    await owner.release();
  }
}
