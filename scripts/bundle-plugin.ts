/**
 * The ESLint plugin as one module, which is what npm gets: every ESLint process loads it, and the two
 * hundred modules it is written in take five times as long. `prepack` puts it in the place of the
 * entry that TypeScript wrote; `postpack`, with `--undo`, puts that back.
 */
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const ENTRY = join(ROOT, 'eslint-plugin/dist/index.js');
const WRITTEN = join(ROOT, 'node_modules/.cache/savepoint-pack/index.js');
const BANNER = '// One module of many: the sources are in the repository.';

/** Writes the bundle of what is built. It finds the plugin's `package.json` above its folder. */
export async function bundlePlugin(file: string): Promise<void> {
  await build({
    entryPoints: [ENTRY],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    banner: { js: BANNER },
    logLevel: 'warning',
  });
}

/** Whoever imports the entry meanwhile gets one or the other whole. */
async function pack(): Promise<void> {
  await mkdir(dirname(WRITTEN), { recursive: true });
  const isBundle = (await readFile(ENTRY, 'utf8')).startsWith(BANNER);
  if (!isBundle) await copyFile(ENTRY, WRITTEN);
  const file = join(dirname(ENTRY), `.bundle-${process.pid}.js`);
  await bundlePlugin(file);
  await rename(file, ENTRY);
}

async function undo(): Promise<void> {
  const file = join(dirname(ENTRY), `.entry-${process.pid}.js`);
  await copyFile(WRITTEN, file);
  await rename(file, ENTRY);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await (process.argv.includes('--undo') ? undo() : pack());
}
