/** Every test makes what it needs, so that it can run alone and in any order. */
import { defineRule } from '../define-rule.ts';
import { testChains } from '../model/test-chains.ts';

export default defineRule('no-test-order-dependence', function* (file) {
  for (const { node, name, read } of testChains(file)) {
    yield { node, messageId: 'chain', data: { name, line: String(read.loc.start.line) } };
  }
});
