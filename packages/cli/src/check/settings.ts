/** `settings.savepoint` for a file, where there is no ESLint config to hold it: the `savepoint` key of package.json. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error.ts';

const read = new Map<string, unknown>();

/**
 * The `savepoint` key of the nearest package.json that has one, from the file's folder upwards.
 * What it may hold is the linter's to judge.
 *
 * @throws CliError when a package.json on the way cannot be read as JSON
 */
export function settingsFor(path: string): unknown {
  const folder = dirname(path);
  if (folder === path) return undefined;
  if (!read.has(folder)) read.set(folder, ownSettings(folder) ?? settingsFor(folder));
  return read.get(folder);
}

function ownSettings(folder: string): unknown {
  const file = join(folder, 'package.json');
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    return (JSON.parse(text) as { savepoint?: unknown } | null)?.savepoint;
  } catch (error) {
    throw new CliError(
      'ERR_SAVEPOINT_SETTINGS',
      `${file} is not JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
