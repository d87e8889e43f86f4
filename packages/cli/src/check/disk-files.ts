/** The files a person names, or the test files of a folder, as they lie on disk. */
import { readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { CliError } from '../cli-error.ts';
import { askGit } from '../git.ts';
import { isTestFile, SCRIPT_FILE } from './test-file.ts';
import { slashed, type SourceFile } from './source-file.ts';

/**
 * Reads files, and the test files of folders.
 *
 * @param named files and folders as typed, relative to `directory`; a file is read whatever its name
 * @throws CliError when one does not exist, is neither JavaScript nor TypeScript, or has no test files
 */
export async function readNamed(
  named: readonly string[],
  directory: string,
): Promise<SourceFile[]> {
  const paths = new Set<string>();
  for (const name of named) {
    for (const path of await expand(name, directory)) paths.add(path);
  }
  return [...paths].map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

async function expand(name: string, directory: string): Promise<string[]> {
  const path = resolve(directory, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new CliError('ERR_SAVEPOINT_FILE', `no such file or folder: ${name}`);
  if (stats.isDirectory()) {
    const found = await findTestFiles(path, directory);
    if (found.length === 0)
      throw new CliError('ERR_SAVEPOINT_FILE', `no test files in ${path}; name the files to check`);
    return found;
  }
  if (!SCRIPT_FILE.test(path))
    throw new CliError('ERR_SAVEPOINT_FILE', `neither JavaScript nor TypeScript: ${name}`);
  return [path];
}

/** The test files of a folder that git does not ignore, sorted. Their names are judged from `directory`. */
async function findTestFiles(folder: string, directory: string): Promise<string[]> {
  const files = await glob('**/*.{js,cjs,mjs,jsx,ts,cts,mts,tsx}', {
    cwd: folder,
    ignore: ['**/node_modules/**'],
    followSymbolicLinks: false,
    expandDirectories: false,
  });
  const tests = files
    .map((file) => join(folder, file))
    .filter((path) => isTestFile(slashed(relative(directory, path))));
  const ignored = ignoredByGit(tests, folder);
  return tests.filter((path) => !ignored.has(path)).sort();
}

/** Those of the paths that git ignores; none where there is no repository or no git. */
function ignoredByGit(paths: readonly string[], directory: string): ReadonlySet<string> {
  const input = paths.join('\0');
  const { output } = askGit(directory, ['check-ignore', '-z', '--stdin'], { input });
  return new Set(output.toString().split('\0'));
}
