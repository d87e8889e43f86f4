/** Does a frame run as part of a test, and not only as the clean-up after the last? */
import type { FileModel } from './file-model.ts';
import type { Frame } from './frames.ts';

/** Whether code of this frame runs in a test file: at its top, in a suite, test or hook, or called from there. */
export function isTestCode({ frames }: FileModel, frame: Frame): boolean {
  switch (frame.is) {
    case 'file':
    case 'suite':
    case 'test':
    case 'hook':
      return true;
    case 'helper':
      return frames.usesOf(frame.fn).some((use) => use.is !== 'escape');
  }
}

/** A hook that runs when a scope ends: `after`, `afterEach`. */
export function isTeardown(frame: Frame): boolean {
  return frame.is === 'hook' && frame.hook.startsWith('after');
}
