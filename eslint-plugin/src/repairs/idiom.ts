/** Whose means do suggestions use: savepoint's, or those of `node:test` alone? */
import type { FileModel } from '../model/file-model.ts';
import { importsFrom } from './imports.ts';

/** As the settings say; else savepoint's in a file that imports it, so that nobody is made to install it. */
export function prefersRuntime(file: FileModel): boolean {
  const { idiom } = file.settings;
  return idiom === undefined ? importsFrom(file, 'savepoint') : idiom === 'savepoint';
}
