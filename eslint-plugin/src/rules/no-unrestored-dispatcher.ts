/** undici's global dispatcher is put back by whoever replaced it. */
import { defineRule } from '../define-rule.ts';
import { unrestored } from '../repairs/unrestored.ts';

export default defineRule('no-unrestored-dispatcher', function* (file) {
  for (const fixture of file.withFault('no-unrestored-dispatcher')) yield unrestored(file, fixture);
});
