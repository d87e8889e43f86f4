/** Folders that nobody but this user can look into. */
import { chmod, mkdir } from 'node:fs/promises';

/**
 * PostgreSQL refuses to run as root, so for root it runs as another user, who must be able to pass
 * through to the data.
 */
const MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** Makes such a folder. @throws when there is something of that name */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  await makePrivate(path);
}

export async function makePrivate(path: string): Promise<void> {
  await chmod(path, MODE);
}
