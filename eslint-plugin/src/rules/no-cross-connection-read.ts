/** Every connection of a test goes through its sandbox. */
import { defineRule } from '../define-rule.ts';
import { crossConnections } from '../model/cross-connections.ts';

export default defineRule('no-cross-connection-read', function* (file) {
  for (const { made, fixture, opened } of crossConnections(file)) {
    yield {
      node: made,
      messageId: 'beside',
      data: {
        fixture: file.source.getText(fixture),
        line: String(opened.loc.start.line),
      },
    };
  }
});
