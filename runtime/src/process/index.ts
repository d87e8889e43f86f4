/** savepoint/process: process-wide state that a test may change, put back when the test ends. */
export { setEnv } from './set-env.ts';
export { chdir } from './chdir.ts';
export { tempDir } from './temp-dir.ts';
