/** A part of the app that a test replaces is put back for the next. */
import { defineRule } from '../define-rule.ts';
import { unrestored } from '../repairs/unrestored.ts';

export default defineRule('no-unreset-override', function* (file) {
  for (const fixture of file.withFault('no-unreset-override')) yield unrestored(file, fixture);
});
