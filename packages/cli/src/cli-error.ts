/** What the command says, in one line, when it is used wrongly or cannot do its work. Never a hazard. */

export type CliErrorCode =
  | 'ERR_SAVEPOINT_USAGE'
  | 'ERR_SAVEPOINT_FILE'
  | 'ERR_SAVEPOINT_GIT'
  | 'ERR_SAVEPOINT_SETTINGS'
  | 'ERR_SAVEPOINT_RULE';

/** An error whose message is meant for the person at the terminal; its stack is not. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
