import { testExamples } from '../support/examples.ts';

testExamples('network');
