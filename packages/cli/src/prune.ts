/**
 * `savepoint prune`: drops what killed runs left on a database server. How that is told apart is known
 * by the runtime that made it, so the project's own is asked.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CliError } from './cli-error.ts';
import { EXIT_CODE, type ExitCode } from './exit-code.ts';

export interface PruneOptions {
  readonly all?: boolean;
}

/** What is used of `savepoint/pg`. */
interface Runtime {
  prune(
    connectionString: string,
    options: PruneOptions,
  ): Promise<{
    readonly server: string;
    readonly dropped: readonly string[];
    readonly left: readonly string[];
  }>;
}

const VARIABLE = 'TEST_DATABASE_URL';

/** Prints to stdout. @param urls the servers; none: the one that TEST_DATABASE_URL names */
export async function prune(
  urls: readonly string[],
  { all = false }: PruneOptions,
): Promise<ExitCode> {
  const given = process.env[VARIABLE];
  const servers = urls.length > 0 ? urls : given ? [given] : [];
  if (servers.length === 0) {
    throw new CliError(
      'ERR_SAVEPOINT_USAGE',
      `which server? Name it, or set ${VARIABLE}: savepoint prune postgres://user@host:5432/app_test`,
    );
  }
  const runtime = await runtimeOf(process.cwd());
  for (const url of servers) {
    const { server, dropped, left } = await runtime.prune(url, { all });
    process.stdout.write(
      [
        `${server}: ${sayCount(dropped.length)} dropped, ${String(left.length)} left`,
        ...dropped.map((name) => `  dropped ${name}`),
        ...left.map((name) => `  left    ${name}`),
        '',
      ].join('\n'),
    );
  }
  return EXIT_CODE.fine;
}

function sayCount(count: number): string {
  return count === 1 ? '1 database' : `${String(count)} databases`;
}

async function runtimeOf(folder: string): Promise<Runtime> {
  let path: string;
  try {
    path = createRequire(join(folder, 'package.json')).resolve('savepoint/pg');
  } catch (error) {
    throw new CliError(
      'ERR_SAVEPOINT_USAGE',
      'savepoint is not installed in this project, so it left nothing to prune: run this where your tests run',
      { cause: error },
    );
  }
  return (await import(pathToFileURL(path).href)) as Runtime;
}
