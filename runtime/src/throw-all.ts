/** Several things may fail where all of them must be tried. */

/**
 * Throws what failed: nothing, the one error, or all of them together.
 * @param heading said before the messages of several
 * @throws the only error as it is; an `AggregateError` of several
 */
export function throwAll(errors: readonly unknown[], heading?: string): void {
  if (errors.length === 0) return;
  if (errors.length === 1) throw errors[0];
  const said = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new AggregateError(
    errors,
    [...(heading === undefined ? [] : [heading]), ...said].join('\n'),
  );
}
