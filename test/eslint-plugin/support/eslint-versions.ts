/** ESLint 9 and 10, side by side. Their types differ where these tests do not. */
import { Linter, RuleTester } from 'eslint';
import { Linter as Linter9, RuleTester as RuleTester9 } from 'eslint9';

export const ESLINT_VERSIONS = [
  {
    version: '9',
    Linter: Linter9 as unknown as typeof Linter,
    RuleTester: RuleTester9 as unknown as typeof RuleTester,
  },
  { version: '10', Linter, RuleTester },
] as const;
