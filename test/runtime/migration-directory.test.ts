import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { filesIn, sqlFilesIn } from '../../runtime/src/migration-directory.ts';
import { tempDir } from '../../runtime/src/process/index.ts';

function folderOf(t: TestContext, files: readonly string[]): string {
  const folder = tempDir(t);
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

test('the SQL of a directory is in the order of names, without the ways down and what lies deeper', async (t) => {
  const folder = folderOf(t, ['2.sql', '10.up.sql', '1.sql', '1.down.sql', 'README.md']);
  mkdirSync(join(folder, 'old'));
  writeFileSync(join(folder, 'old/0.sql'), '');
  assert.deepEqual(await sqlFilesIn(folder), ['1.sql', '10.up.sql', '2.sql']);
  assert.deepEqual(await filesIn(folder), [
    '1.down.sql',
    '1.sql',
    '10.up.sql',
    '2.sql',
    'README.md',
    'old/0.sql',
  ]);
});

test('a link to a file is one, also where it leads nowhere, and a link to a folder is none', async (t) => {
  const elsewhere = folderOf(t, ['shared.sql']);
  const folder = folderOf(t, ['1.sql']);
  symlinkSync(join(elsewhere, 'shared.sql'), join(folder, '2.sql'));
  symlinkSync(join(elsewhere, 'absent.sql'), join(folder, '3.sql'));
  symlinkSync(elsewhere, join(folder, '4.sql'));
  assert.deepEqual(await sqlFilesIn(folder), ['1.sql', '2.sql', '3.sql']);
});

test('a directory that is not there is named, with what a path starts from', async (t) => {
  const absent = join(tempDir(t), 'absent');
  await assert.rejects(sqlFilesIn(absent), {
    code: 'ERR_SAVEPOINT_MIGRATIONS',
    message: /absent cannot be read \(ENOENT\)\. A relative path starts at the working directory/,
  });
});
