/** Whether this process runs tests, or only starts the processes that do. */

/** A test runner that starts a process per file runs no test itself. */
export function onlyStartsProcesses(): boolean {
  const options = process.execArgv.join(' ');
  const runsTests = /--(experimental-)?test-isolation[= ]none/.test(options);
  return /--test(?= |$)/.test(options) && !runsTests;
}
