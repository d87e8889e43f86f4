/**
 * `tsx scripts/generate.ts` writes what is derived from the catalogue; with `--check` it only says
 * which files are not current, and exits with 1 when there are any.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { generatedFiles, staleFiles } from './generated-files.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const files = await generatedFiles(root);
const stale = await staleFiles(root, files);

if (values.check) {
  for (const path of stale) console.error(`${path} is not current; run: npm run generate`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
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
