/** Which derived files are not what they should be. Knows not what they are derived from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file's path from the root of the repository, and its content; `undefined`: it should not be there. */
export type GeneratedFiles = ReadonlyMap<string, string | undefined>;

/** The paths whose content on disk is not what it should be. */
export async function staleFiles(root: string, files: GeneratedFiles): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, content] of files) {
    if ((await textOf(join(root, path))) !== content) stale.push(path);
  }
  return stale;
}

/** The content of a file; undefined when it cannot be read. */
export async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
