/** The source files below a folder, as a linter is given them. Knows nothing of what they hold. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface SourceFile {
  readonly path: string;
  readonly code: string;
}

const EXTENSIONS = new Set(['.js', '.mjs', '.cjs', '.jsx', '.ts', '.mts', '.cts', '.tsx']);
const PASSED_OVER = new Set(['node_modules', '.git', 'dist']);
const DECLARATIONS = /\.d\.[mc]?ts$/;
/** Larger files are bundles. */
const MAX_BYTES = 400_000;

/** Every file below the folder that ESLint would lint, in the order of its path. */
export function sourceFiles(folder: string, maxBytes = MAX_BYTES): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return PASSED_OVER.has(entry.name) ? [] : sourceFiles(path, maxBytes);
      if (!entry.isFile() || !EXTENSIONS.has(extname(path)) || DECLARATIONS.test(path)) return [];
      return statSync(path).size > maxBytes ? [] : [sourceFile(path)];
    });
}

export function sourceFile(path: string): SourceFile {
  return { path, code: readFileSync(path, 'utf8') };
}
