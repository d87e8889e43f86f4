import { testExamples } from '../support/examples.ts';

testExamples('process state');
