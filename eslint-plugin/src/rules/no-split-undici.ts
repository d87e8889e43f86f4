/** The mock and the request come from one undici. */
import { defineRule } from '../define-rule.ts';
import { splitUndici } from '../model/split-undici.ts';

export default defineRule('no-split-undici', function* (file) {
  const found = splitUndici(file);
  if (!found) return;
  const { install, request } = found;
  yield { node: install, messageId: 'split', data: { line: String(request.loc.start.line) } };
});
