/** What the command's exit code says; `--help` and the README say the same. */
export const EXIT_CODE = {
  /** Nothing to complain of. */
  fine: 0,
  /** The answer is the unwelcome one: hazards were found, or nothing explains the error. */
  unwelcome: 1,
  /** Used wrongly, or something could not be done. */
  failed: 2,
} as const;
export type ExitCode = (typeof EXIT_CODE)[keyof typeof EXIT_CODE];
