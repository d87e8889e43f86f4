import { testExamples } from '../support/examples.ts';

testExamples('pool lifecycle');
