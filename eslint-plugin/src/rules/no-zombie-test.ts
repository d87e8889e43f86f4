/** A loop of a test with a time-out looks at the signal that the time-out aborts. */
import { defineRule } from '../define-rule.ts';
import { zombieLoops } from '../model/zombie-loops.ts';
import { endWithTest } from '../repairs/loop-end.ts';

export default defineRule('no-zombie-test', function* (file) {
  for (const loop of zombieLoops(file)) {
    const edits = endWithTest(file, loop);
    yield {
      node: loop,
      messageId: 'loop',
      data: {},
      suggestion: edits && { messageId: 'endWithTest', edits },
    };
  }
});
