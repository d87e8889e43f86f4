/** Titles of the repairs that several hazards offer in the editor, by `messageId`. */
export const RELEASE_REPAIRS = {
  acquireByUse: 'Acquire `{{resource}}` with `use(t, …)` of savepoint, which releases it.',
  releaseInFinally: 'Release `{{resource}}` in `finally`.',
  registerRelease: 'Release `{{resource}}` in a hook when its scope ends.',
} as const;

export const RESTORE_REPAIRS = {
  changeByRuntime: 'Change {{state}} through savepoint/process, which puts it back.',
  restoreInFinally: 'Put {{state}} back in `finally`.',
  registerRestore: 'Put {{state}} back in a hook when its scope ends.',
} as const;
