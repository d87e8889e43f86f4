/** A test waits for what somebody can give. */
import { defineRule } from '../define-rule.ts';
import { endlessWaits } from '../model/endless-waits.ts';

export default defineRule('no-unbounded-wait', function* (file) {
  for (const node of endlessWaits(file)) yield { node, messageId: 'endless', data: {} };
});
