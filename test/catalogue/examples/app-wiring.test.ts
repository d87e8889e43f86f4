import { testExamples } from '../support/examples.ts';

testExamples('app wiring');
