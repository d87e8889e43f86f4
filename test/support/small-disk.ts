/** A file system that is soon full: a real one, in memory, of a size that a test chooses. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { scopeOf } from '../../runtime/src/test-scope.ts';

export interface SmallDisk {
  readonly folder: string;
  resize(megabytes: number): void;
}

/** Why there is none here; false when there is. */
export const noSmallDisk = mayMount()
  ? false
  : 'only root on Linux may mount a file system of a few megabytes';

/** Mounts one, until the test has ended and those who use it are gone. */
export function smallDisk(t: TestContext, megabytes: number): SmallDisk {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'small-')));
  mount(folder, `size=${String(megabytes)}m,mode=0711`);
  scopeOf(t).defer(() => {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  });
  return {
    folder,
    resize: (size) => {
      mount(folder, `remount,size=${String(size)}m`);
    },
  };
}

function mount(folder: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder], { stdio: 'pipe' });
}

function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'small-'));
  try {
    mount(folder, 'size=1m');
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}
