/**
 * Which handles of this process tests have on which files, so that a second connection to a file is
 * seen. It sees nothing of a test, and what it writes is not rolled back; but between tests it must
 * not wait for a lock that is only kept for the next one.
 */
import { realpathSync } from 'node:fs';
import { HazardError } from '../hazard-error.ts';
import { captureTrace } from '../trace.ts';
import type { Lease } from './lease.ts';

/** By the path of the file. */
const uses = new Map<string, FileUse[]>();
/** Real paths by the names that handles give; asked again and again. */
const paths = new Map<string, string>();

/** One handle on a file. */
export class FileUse {
  readonly handle: object;
  /** Gives back what is kept of the file while no test has it. */
  readonly letGo: () => void;
  readonly #path: string;
  readonly #leases: Lease[] = [];

  constructor(file: string, handle: object, letGo: () => void) {
    this.#path = pathOf(file);
    this.handle = handle;
    this.letGo = letGo;
    const known = uses.get(this.#path) ?? [];
    uses.set(this.#path, known);
    known.push(this);
  }

  /** The innermost test that has the handle now. */
  get lease(): Lease | undefined {
    return this.#leases.at(-1);
  }

  begin(lease: Lease): void {
    this.#leases.push(lease);
  }

  end(lease: Lease): void {
    this.#leases.splice(this.#leases.indexOf(lease), 1);
  }

  /** The handle is closed. */
  forget(): void {
    const others = uses.get(this.#path)?.filter((use) => use !== this) ?? [];
    if (others.length > 0) uses.set(this.#path, others);
    else uses.delete(this.#path);
  }
}

/** The same for all names of a file. */
export function pathOf(file: string): string {
  const known = paths.get(file);
  if (known !== undefined) return known;
  try {
    const path = realpathSync(file);
    paths.set(file, path);
    return path;
  } catch {
    return file; // It is not there yet.
  }
}

/**
 * A handle is about to use a file. What others only keep of it, they let go; the author of a test
 * that has it is told.
 */
export function meet(handle: object | undefined, file: string | null | undefined): void {
  if (uses.size === 0 || !file) return;
  const others = uses.get(pathOf(file));
  if (!others) return;
  for (const use of others) {
    if (use.handle === handle) continue;
    if (use.lease) tell(use.lease, file);
    else use.letGo();
  }
}

function tell(lease: Lease, file: string): void {
  lease.notes.tell(
    'no-shared-sqlite-file',
    () =>
      new HazardError('no-shared-sqlite-file', {
        happened: `While ${lease.owner} had ${file} in its sandbox, another connection of this process used the same file. It sees nothing of the test, and what it writes is not rolled back.`,
        acquired: lease.opened,
        used: captureTrace(),
        test: lease.test,
        remedy:
          'Give the app one handle, the one of the test; or call `rollbackEach` for the handle that it keeps for itself.',
      }),
  );
}
