/** What an app sees of something that may fail, in a form that can be compared and written down. */

export class Missing extends Error {}

/** Something that only some libraries have. */
export function given<T>(something: T | undefined): T {
  if (something === undefined) throw new Missing();
  return something;
}

/** What an app sees of something that may fail. */
export async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { answer: (await work()) ?? null };
  } catch (error) {
    if (error instanceof Missing) throw error;
    return { error: shown(error) };
  }
}

/** Drivers' errors are wrapped by most libraries. */
function* causesOf(error: unknown): Generator<Record<string, unknown>> {
  const seen = new Set<unknown>();
  const left = [error];
  for (let next = left.pop(); left.length > 0 || next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    const each = next as Record<string, unknown>;
    yield each;
    left.push(each['cause'], each['original'], each['driverError'], each['previous']);
  }
}

/** The first code is the server's; the sandbox tells the cause of a 25P02 behind it. */
function shown(error: unknown): object {
  const codes = [...causesOf(error)].map(({ code }) => code).filter(Boolean);
  const { constructor, message } = error as Error;
  return { type: constructor.name, code: codes[0], message };
}
