/** A release that is named is also called, on the object it belongs to. */
import { defineRule } from '../define-rule.ts';
import { uncalledTeardowns } from '../model/uncalled-teardowns.ts';

export default defineRule(
  'no-uncalled-teardown',
  function* (file) {
    for (const { member, is } of uncalledTeardowns(file)) {
      const release = file.source.getText(member);
      const [start, end] = member.range;
      yield {
        node: member,
        messageId: is,
        data: { release },
        fix:
          is === 'named'
            ? [{ range: [end, end], text: '()' }]
            : [{ range: [start, end], text: `() => ${release}()` }],
      };
    }
  },
  { fixable: true },
);
