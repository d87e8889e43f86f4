/**
 * Looks over a method's shoulder. What is wrapped keeps its name, its length and its results; an
 * observer that throws is a fault of savepoint and must not become one of the test.
 */

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Calls `observe` with the arguments before the method runs. Nothing when the object has no such method of its own. */
export function before(
  holder: object,
  name: string,
  observe: (this: unknown, args: readonly unknown[]) => void,
): void {
  wrap(
    holder,
    name,
    (original) =>
      function (this: unknown, ...args) {
        quietly(() => observe.call(this, args));
        return original.apply(this, args);
      },
  );
}

/** Replaces a method that the object has itself. */
export function wrap(holder: object, name: string, replace: (original: Method) => Method): void {
  const property = Object.getOwnPropertyDescriptor(holder, name);
  if (!property || typeof property.value !== 'function') return;
  const original = property.value as Method;
  const replacement = replace(original);
  Object.defineProperty(replacement, 'name', { value: original.name, configurable: true });
  Object.defineProperty(replacement, 'length', { value: original.length, configurable: true });
  Object.defineProperty(holder, name, { ...property, value: replacement });
}

/** Runs what only observes: its error becomes a warning. */
export function quietly(observe: () => void): void {
  try {
    observe();
  } catch (error) {
    process.emitWarning(
      `savepoint/watch: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}
