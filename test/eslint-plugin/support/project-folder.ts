/** Projects on the disk: what one file says of another can only be seen where both are. */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';
import { ESLINT_VERSIONS } from './eslint-versions.ts';

export interface ProjectFolder {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
}

/** A folder with these files, gone when the test ends. */
export async function projectFolder(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<ProjectFolder> {
  const path = await mkdtemp(join(tmpdir(), 'savepoint-project-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  const write = async (given: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(given)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
    }
  };
  await write(files);
  return { path, write };
}

/** What is reported of a file of the folder, `rule:line`, by every version of ESLint alike. */
export function reportsIn(
  { path }: ProjectFolder,
  file: string,
  code: string,
  settings?: Readonly<Record<string, unknown>>,
): string[] {
  const config: Linter.Config[] = [
    {
      ...savepoint.configs.strict,
      files: ['**/*.{js,mjs,cjs,ts,mts,cts}'],
      ...(settings && { settings: { savepoint: settings } }),
    },
    { files: ['**/*.{ts,mts,cts}'], languageOptions: { parser: tseslint.parser } },
  ];
  const [reports = [], ...others] = ESLINT_VERSIONS.map(({ Linter: Versioned }) =>
    new Versioned({ cwd: path })
      .verify(code, config, { filename: join(path, file) })
      .map(({ ruleId, line, message }) => `${ruleId?.split('/')[1] ?? message}:${line}`),
  );
  for (const other of others) {
    if (other.join() !== reports.join())
      throw new Error(`${other.join()} is not ${reports.join()}`);
  }
  return reports;
}
