/** The process ends by itself when everything in it is released; an exit loses what failed. */
import { defineRule } from '../define-rule.ts';
import { forcedExits } from '../model/forced-exits.ts';

export default defineRule('no-force-exit', function* (file) {
  for (const { node, by } of forcedExits(file)) yield { node, messageId: by, data: {} };
});
