/**
 * Packages that some tests need and that cannot stand among the project's own: another Node, a version
 * that the oldest Node does not run, a second compiler. From the npm registry, kept between runs.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const KEPT = join(import.meta.dirname, '../../node_modules/.cache');

/**
 * @param name of the folder that keeps it
 * @param wanted as npm takes it: `typescript@7`
 * @returns the folder that it was installed in; that of an earlier run, if there is one
 */
export async function fromRegistry(name: string, wanted: string): Promise<string> {
  const folder = join(KEPT, name);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  // Whoever finds the folder finds it whole: several test files may want the same at once.
  const unfinished = await mkdtemp(`${folder}-`);
  try {
    const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    await promisify(execFile)('npm', [...install, '--prefix', unfinished, wanted], {
      cwd: unfinished,
    });
    await rename(unfinished, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}
