/**
 * How savepoint calls the databases it makes, and what their comments say: by that alone, everybody
 * who may drop databases tells what is his to drop. Asks nothing.
 */
import { createHash } from 'node:crypto';
import type { Run } from './run.ts';

/**
 * What a database of savepoint's is for.
 * - `template`: migrated once, copied for ever; nobody can connect to it
 * - `shared`: the copy in which the rollback tests of all processes meet
 * - `clone`: the copy of one test
 */
export type Kind = 'template' | 'shared' | 'clone';

/** A name that was taken apart. */
export interface Named {
  readonly kind: Kind;
  /** What holds it: a fingerprint, for a clone the process that made it. A lock stands for each. */
  readonly holder: string;
}

/** The names that those give who share their locks: the same role, with its locks in the same database. */
export class DatabaseNames {
  /** Begins all of them. */
  readonly prefix: string;

  constructor(database: string, role: string) {
    this.prefix = `savepoint_${digest([database, role]).toString('hex', 0, 3)}_`;
  }

  templateOf(fingerprint: string): string {
    return `${this.prefix}template_${fingerprint}`;
  }

  sharedOf(fingerprint: string): string {
    return `${this.prefix}shared_${fingerprint}`;
  }

  cloneOf(holder: string, number: number): string {
    return `${this.prefix}clone_${holder}_${String(number)}`;
  }

  /** Undefined for databases of others. */
  read(name: string): Named | undefined {
    if (!name.startsWith(this.prefix)) return undefined;
    const [kind, holder] = name.slice(this.prefix.length).split('_');
    if (holder === undefined || holder === '') return undefined;
    return kind === 'template' || kind === 'shared' || kind === 'clone'
      ? { kind, holder }
      : undefined;
  }
}

/** What the comment on a database says. */
export type Mark =
  | {
      /** Its migrations have ended. */
      readonly is: 'ready';
      /** What was declared, whatever it says by now: a new template takes the place of the old one. */
      readonly lineage: string;
      /** Set when it is good for one run only. */
      readonly run?: Run | undefined;
    }
  | {
      /** Its migrations have not ended: what those are told who wait for them. */
      readonly is: 'failed';
      /** No two attempts have the same. */
      readonly attempt: string;
      readonly code: string;
      readonly message: string;
    }
  /** The clone of a test that failed, kept for whoever looks into it. */
  | { readonly is: 'kept'; readonly lineage: string; readonly test: string };

const MARK = 'savepoint: ';

export function markText(mark: Mark): string {
  return MARK + JSON.stringify(mark);
}

/** Undefined for what bears no mark: nobody has come to an end with it. */
export function readMark(comment: string | null | undefined): Mark | undefined {
  if (!comment?.startsWith(MARK)) return undefined;
  try {
    return JSON.parse(comment.slice(MARK.length)) as Mark;
  } catch {
    return undefined;
  }
}

export function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
