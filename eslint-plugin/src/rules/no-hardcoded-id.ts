/** An id that a sequence gave is compared with nothing that is written in the test. */
import { defineRule } from '../define-rule.ts';
import { hardcodedIds } from '../model/hardcoded-ids.ts';

export default defineRule('no-hardcoded-id', function* (file) {
  for (const { literal, inserted } of hardcodedIds(file)) {
    yield {
      node: literal,
      messageId: 'literal',
      data: {
        number: file.source.getText(literal),
        line: String(inserted.node.loc.start.line),
      },
    };
  }
});
