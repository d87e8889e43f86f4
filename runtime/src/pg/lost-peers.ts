/**
 * How a server learns of a machine that is gone and has not said so: switched off, or its network cut.
 * By itself it would wait for hours, with every lock held. Behind a pooler only the pooler can learn it.
 */

/** How long the silence of a machine may last before it counts as gone. */
export interface KeepAlive {
  /** After how many seconds of silence it is asked for a sign of life. */
  readonly idle: number;
  /** How many seconds there are between two such questions. */
  readonly interval: number;
  /** How many go without an answer. */
  readonly count: number;
}

/**
 * As expressions of SQL, which set it for the session. What somebody has set to less holds.
 * Servers and systems that do not know one of the settings leave it.
 */
export function keptAlive({ idle, interval, count }: KeepAlive): string {
  const wanted = {
    tcp_keepalives_idle: idle,
    tcp_keepalives_interval: interval,
    tcp_keepalives_count: count,
    // Nobody is asked for a sign of life who has not acknowledged what he was sent before.
    tcp_user_timeout: 1000 * (idle + interval * count),
  };
  return Object.entries(wanted)
    .map(
      ([name, value]) =>
        `CASE WHEN current_setting('${name}', true)::int NOT BETWEEN 1 AND ${String(value)}
         THEN set_config('${name}', '${String(value)}', false) END`,
    )
    .join(', ');
}
