/** Waiting with a limit, by the real clock. */

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

/** Whether a promise settles in time. */
export async function within(millis: number, promise: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, millis);
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
