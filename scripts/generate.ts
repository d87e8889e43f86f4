/**
 * `tsx scripts/generate.ts` writes what is derived from other files; with `--check` it only says
 * which files are not current, and exits with 1 when there are any.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedLists } from './generated-lists.ts';
import { staleFiles, type GeneratedFiles } from './stale-files.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

await bring(await generatedLists(root));
// Reads the list of hazards, which must be current by then.
const { generatedFiles } = await import('./generated-files.ts');
await bring(await generatedFiles(root));

async function bring(files: GeneratedFiles): Promise<void> {
  const stale = await staleFiles(root, files);
  if (values.check) {
    for (const path of stale) console.error(`${path} is not current; run: npm run generate`);
    if (stale.length > 0) process.exitCode = 1;
    return;
  }
  for (const path of stale) {
    await write(join(root, path), files.get(path));
    console.log(path);
  }
}

async function write(path: string, content: string | undefined): Promise<void> {
  if (content === undefined) return rm(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
