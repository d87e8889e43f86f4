/**
 * A migration library as savepoint uses it: on the library's own directory, by its own migrator. It is
 * the user's, loaded only when he asks for it. Knows none by name.
 */
import type pg from 'pg';
import { SetupError } from '../../setup-error.ts';
import { traceOf, formatPlace } from '../../trace.ts';
import { codeOf } from '../connect.ts';

/** What is handed to a library. */
export interface Job {
  /** Connected to the empty database. */
  readonly client: pg.Client;
  readonly connectionString: string;
  readonly directory: string;
  /** What the user passes on to it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** To be told which migration runs, by its name. */
  readonly begins: (migration: string) => void;
}

export interface Library {
  /** Whether a file of the directory is a migration, and the name the library knows it by. */
  readonly nameOf: (file: string) => string | undefined;
  /** Files that change nothing in the database. */
  readonly ignores?: RegExp;
  /** Runs all. @throws what the library throws, or `AtMigration` */
  readonly run: (job: Job) => Promise<void>;
}

/** The failure of a migration whose file the library tells. */
export class AtMigration extends Error {
  /** Its file or name, as far as it is known. */
  readonly migration: string | undefined;

  constructor(migration: string | undefined, cause: unknown) {
    super('a migration failed', { cause });
    this.migration = migration;
  }
}

/** A script of Node's, as libraries have them; undefined for declarations and source maps. */
export function scriptName(file: string): string | undefined {
  return /(?<!\.d)\.[cm]?[jt]s$/.test(file) && !file.includes('/')
    ? file.replace(/\.[cm]?[jt]s$/, '')
    : undefined;
}

/**
 * A module of the user's project.
 * @throws SetupError `ERR_SAVEPOINT_MIGRATIONS` when it is not installed
 */
export async function load<Module>(name: string): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [scope = '', rest] = name.split('/');
    const installed = scope.startsWith('@') ? `${scope}/${String(rest)}` : scope;
    throw new SetupError(
      'ERR_SAVEPOINT_MIGRATIONS',
      `These migrations are run by ${installed}, which is not installed: npm install --save-dev ${installed}`,
      { cause: error },
    );
  }
}

/** The line of a migration that an error comes from, where its stack tells. */
export function lineIn(directory: string, error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const frame = traceOf(at.stack ?? '').frames.find((each) => each.includes(directory));
    const place = frame === undefined ? undefined : traceOf(frame).place;
    if (place) return formatPlace(place);
  }
  return undefined;
}
