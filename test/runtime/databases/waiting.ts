/** Those who wait on a server for what another process of the same role does. */
import type pg from 'pg';

/** Settles when at least so many sessions of this client's role wait for a lock of another. */
export async function untilOthersWait(client: pg.Client, others: number): Promise<void> {
  for (let waiting = 0; waiting < others;) {
    const { rows } = await client.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and not granted and usename = current_user`,
    );
    waiting = rows[0]?.waiting ?? 0;
  }
}
