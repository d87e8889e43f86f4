import { testExamples } from '../support/examples.ts';

testExamples('teardown');
