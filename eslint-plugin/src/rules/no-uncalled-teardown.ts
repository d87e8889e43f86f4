/** A release that is named is also called, on the object it belongs to. */
import { defineRule } from '../define-rule.ts';
import { uncalledTeardowns } from '../model/uncalled-teardowns.ts';

export default defineRule('no-uncalled-teardown', function* (file) {
  for (const { member, is } of uncalledTeardowns(file)) {
    const release = file.source.getText(member);
    const text = is === 'named' ? `${release}()` : `() => ${release}()`;
    yield {
      node: member,
      messageId: is,
      data: { release },
      suggestion: { messageId: 'callRelease', edits: [{ range: member.range, text }] },
    };
  }
});
