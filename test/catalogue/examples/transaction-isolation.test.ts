import { testExamples } from '../support/examples.ts';

testExamples('transaction isolation');
