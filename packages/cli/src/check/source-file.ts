/** A file to check: where it lies and what it says. Knows neither git nor ESLint. */
import { relative, sep } from 'node:path';

export interface SourceFile {
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
}

/** The path as a person in `directory` would type it. */
export function shownPath(path: string, directory: string): string {
  return relative(directory, path) || path;
}

/** The path with `/` between its parts, on every platform. */
export function slashed(path: string): string {
  return path.split(sep).join('/');
}
