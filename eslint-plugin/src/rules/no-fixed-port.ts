/** A test listens on port 0 and asks which port it got. */
import { defineRule } from '../define-rule.ts';
import { fixedPorts } from '../model/fixed-ports.ts';

export default defineRule(
  'no-fixed-port',
  function* (file) {
    for (const { port, node, isOnlyRead } of fixedPorts(file)) {
      const edits = [{ range: node.range, text: '0' }];
      yield {
        node,
        messageId: 'fixed',
        data: { port: String(port) },
        ...(isOnlyRead ? { fix: edits } : { suggestion: { messageId: 'useZero', edits } }),
      };
    }
  },
  { fixable: true },
);
