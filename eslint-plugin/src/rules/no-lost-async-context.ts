/** Asynchronous context comes with a call, not from a hook before it and not into a driver's callback. */
import { defineRule } from '../define-rule.ts';
import { lostContexts } from '../model/lost-contexts.ts';

export default defineRule('no-lost-async-context', function* (file) {
  for (const { node, is, by } of lostContexts(file)) yield { node, messageId: is, data: { by } };
});
