/** A test puts back what it changed of the globals and of Node's modules. */
import { defineRule } from '../define-rule.ts';
import { unrestored } from '../repairs/unrestored.ts';

export default defineRule('no-unrestored-global', function* (file) {
  for (const fixture of file.withFault('no-unrestored-global')) yield unrestored(file, fixture);
});
