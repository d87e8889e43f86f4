/** A loop of a test with a time-out looks at the signal that the time-out aborts. */
import { defineRule } from '../define-rule.ts';
import { zombieLoops } from '../model/zombie-loops.ts';

export default defineRule('no-zombie-test', function* (file) {
  for (const node of zombieLoops(file)) yield { node, messageId: 'loop', data: {} };
});
