/**
 * The files of a commit that is about to be made, as git will commit them: their text is read from
 * the index, whatever lies on disk. Knows nothing of tests.
 */
import { join } from 'node:path';
import { git, topOfWorkTree } from '../git.ts';
import type { SourceFile } from './source-file.ts';

interface StagedBlob {
  /** Relative to the top of the work tree, with `/` between its parts. */
  readonly path: string;
  readonly objectId: string;
}

/** The raw diff of the index against the last commit; against nothing when there is none yet. */
const STAGED = [
  'diff',
  '--cached',
  '--raw',
  '-z',
  '--no-abbrev',
  '--no-renames',
  '--no-relative',
  '--diff-filter=d',
];
const REGULAR_FILE = /^100/;

/**
 * The staged files whose path `isWanted`, added or changed, each with its staged text.
 *
 * @param directory any folder of the work tree
 * @param isWanted asked with the path relative to the top of the work tree, `/` between its parts
 * @throws CliError when `directory` is in no work tree, or git cannot be run
 */
export function stagedFiles(directory: string, isWanted: (path: string) => boolean): SourceFile[] {
  const top = topOfWorkTree(directory);
  const blobs = readRawDiff(git(directory, STAGED).toString()).filter(({ path }) => isWanted(path));
  const texts = readBlobs(directory, blobs);
  return blobs.map(({ path }, index) => ({ path: join(top, path), text: texts[index] ?? '' }));
}

/** Reads `:<mode> <mode> <id> <id> <status>` and the path, in turn, leaving out links and submodules. */
function readRawDiff(raw: string): StagedBlob[] {
  const fields = raw.split('\0');
  const blobs: StagedBlob[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, mode = '', , objectId = ''] = fields[index]?.split(' ') ?? [];
    const path = fields[index + 1];
    if (path !== undefined && REGULAR_FILE.test(mode)) blobs.push({ path, objectId });
  }
  return blobs;
}

/** The texts of blobs, in their order, by one `git cat-file`: `<id> <type> <bytes>\n<bytes…>\n` each. */
function readBlobs(directory: string, blobs: readonly StagedBlob[]): string[] {
  if (blobs.length === 0) return [];
  const input = blobs.map(({ objectId }) => `${objectId}\n`).join('');
  const output = git(directory, ['cat-file', '--batch'], { input });
  let position = 0;
  return blobs.map(() => {
    const start = output.indexOf('\n', position) + 1;
    const size = Number(output.toString('utf8', position, start).trimEnd().split(' ')[2]);
    position = start + size + 1;
    return output.toString('utf8', start, start + size);
  });
}
