/** What `before` may have left undefined is released with `?.`. */
import { defineRule } from '../define-rule.ts';
import { halfBuiltTeardowns } from '../model/half-built-teardowns.ts';

export default defineRule('no-half-built-teardown', function* (file) {
  for (const { member, name, setUp } of halfBuiltTeardowns(file)) {
    const dot = member.object.range[1];
    yield {
      node: member,
      messageId: 'unset',
      data: { resource: name, line: String(setUp.loc.start.line) },
      fix: member.computed ? undefined : [{ range: [dot, dot], text: '?' }],
    };
  }
});
