/** A server that only repeats what another one has committed. Words only. */
import { SetupError } from '../setup-error.ts';

/** Asks a server whether it is one. */
export const IS_STANDBY = 'pg_is_in_recovery()';

export function standby({ host, port }: { readonly host: string; readonly port: number }) {
  return new SetupError(
    'ERR_SAVEPOINT_STANDBY',
    `The server at ${host}:${String(port)} is a standby: it shows what the primary has committed, and a sandbox commits nothing. ` +
      'In tests, let the reading pool lead to the primary, as the writing one does; `rollbackEach([writer, reader], { database })` does that for both.',
  );
}
