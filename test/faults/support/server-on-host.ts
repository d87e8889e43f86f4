/** A PostgreSQL server on a machine of the test's own, which the others on its wire may use. */
import { appendFile, chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readyBinaries, unprivilegedUser } from '../../../runtime/src/pg/embedded/binaries.ts';
import { makeCluster, SHARED_MEMORY, SUPERUSER } from '../../../runtime/src/pg/embedded/cluster.ts';
import { watch } from '../../../runtime/src/pg/embedded/program.ts';
import type { Host } from './hosts.ts';

export interface ServerOnHost {
  /** For whoever is on the wire, as the server's superuser. */
  readonly connectionString: string;
  remove(): Promise<void>;
}

export async function serverOn(host: Host): Promise<ServerOnHost> {
  const folder = await mkdtemp(join(tmpdir(), 'server-'));
  await chmod(folder, 0o755);
  const runAs = await unprivilegedUser();
  const data = join(folder, 'data');
  const binaries = await readyBinaries(folder, runAs);
  const password = await makeCluster({ binaries, runAs, data });
  await appendFile(join(data, 'pg_hba.conf'), 'host all all 10.0.0.0/24 scram-sha-256\n');
  const settings = {
    listen_addresses: '*',
    unix_socket_directories: '',
    max_connections: 100,
    fsync: 'off',
    dynamic_shared_memory_type: SHARED_MEMORY,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = host.spawn([binaries.postgres, '-D', data, ...flags], { as: runAs, cwd: data });
  const { log, exited } = watch(server);
  await Promise.race([log.says('ready to accept connections'), exited]);
  if (server.exitCode !== null) throw new Error(`the server did not start:\n${log.text()}`);
  return {
    connectionString: `postgres://${SUPERUSER}:${password}@${host.address}:5432/postgres`,
    remove: async () => {
      await host.powerOff();
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
