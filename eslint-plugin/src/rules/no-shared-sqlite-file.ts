/** A test opens a SQLite database of its own, not a file that everybody opens. */
import { defineRule } from '../define-rule.ts';
import { sqliteFiles } from '../model/sqlite-files.ts';

export default defineRule('no-shared-sqlite-file', function* (file) {
  for (const { call, path, isOpenedOnce } of sqliteFiles(file)) {
    yield {
      node: call,
      messageId: 'file',
      data: { path: file.source.getText(path) },
      suggestion: isOpenedOnce
        ? { messageId: 'inMemory', edits: [{ range: path.range, text: "':memory:'" }] }
        : undefined,
    };
  }
});
