/**
 * Wrong configuration or bad input: not a hazard of the tests, but something to set right before
 * they can run. The message says what to do; it never holds a password.
 */
export type SetupErrorCode = `ERR_SAVEPOINT_${string}`;

/** Thrown when savepoint cannot do what it was configured to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: SetupErrorCode;

  constructor(code: SetupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
