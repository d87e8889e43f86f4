/**
 * Files of the project as they are on the disk now. What is made of a text is kept from one linted
 * file to the next and made anew when the file has changed, so that an editor never gets an old
 * answer. Never throws; knows nothing of JavaScript.
 */
import { readFileSync, statSync, type BigIntStats } from 'node:fs';

export interface Files {
  isFile(path: string): boolean;
  /** What is made of the file's text; undefined when there is no such file, or it is too large. */
  read<T>(path: string, kept: Kept<T>): T | undefined;
}

/** How something is made of a text, and what was made of those read last. */
export interface Kept<T> {
  readonly make: (text: string) => T;
  readonly byPath: Map<string, { readonly stamp: string; readonly made: T }>;
}

/** Generated bundles are larger, and hold no helper. */
const LARGEST_BYTES = 256 * 1024;
const MOST_KEPT = 500;

export function keeping<T>(make: (text: string) => T): Kept<T> {
  return { make, byPath: new Map() };
}

/** The files as one linted file sees them: each is looked at once. */
export function openFiles(): Files {
  const seen = new Map<string, BigIntStats | undefined>();

  function look(path: string): BigIntStats | undefined {
    if (!seen.has(path)) seen.set(path, fileAt(path));
    return seen.get(path);
  }

  return {
    isFile: (path) => look(path) !== undefined,
    read(path, { make, byPath }) {
      const file = look(path);
      if (!file || file.size > LARGEST_BYTES) return undefined;
      const stamp = `${file.ino}:${file.size}:${file.mtimeNs}:${file.ctimeNs}`;
      const known = byPath.get(path);
      if (known?.stamp === stamp) return known.made;
      const text = textAt(path);
      if (text === undefined) return undefined;
      const made = make(text);
      byPath.delete(path);
      byPath.set(path, { stamp, made });
      for (const oldest of byPath.keys()) {
        if (byPath.size <= MOST_KEPT) break;
        byPath.delete(oldest);
      }
      return made;
    },
  };
}

function fileAt(path: string): BigIntStats | undefined {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.isFile() ? found : undefined;
  } catch {
    return undefined;
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
