/** A test listens on port 0 and asks which port it got. */
import { defineRule } from '../define-rule.ts';
import { fixedPorts } from '../model/fixed-ports.ts';
import { listenAnywhere } from '../repairs/free-port.ts';

export default defineRule('no-fixed-port', function* (file) {
  for (const fixed of fixedPorts(file)) {
    const { port, node } = fixed;
    const { edits, isSafe = false } = listenAnywhere(file, fixed) ?? {};
    yield {
      node,
      messageId: 'fixed',
      data: { port: String(port) },
      ...(isSafe ? { fix: edits } : { suggestion: edits && { messageId: 'useZero', edits } }),
    };
  }
});
