import { testOnNode } from './on-node.ts';

testOnNode(22);
