/** The modes that a session's transactions begin with, where nobody says otherwise. */
import type { Modes } from './modes-in-force.ts';
import type { Fields } from './exchange.ts';
import { ISOLATION_LEVELS } from './statements.ts';

/** As PostgreSQL comes. */
export const STANDARD_MODES: Modes = {
  isolation: 'read committed',
  readOnly: false,
  deferrable: false,
};

/** What a SELECT must ask for. */
export const DEFAULT_MODES = `current_setting('default_transaction_isolation'),
  current_setting('default_transaction_read_only'), current_setting('default_transaction_deferrable')`;

/** @param row begins with what `DEFAULT_MODES` asked for */
export function readDefaultModes([isolation, readOnly, deferrable]: Fields): Modes {
  return {
    isolation: ISOLATION_LEVELS.find((level) => level === isolation) ?? STANDARD_MODES.isolation,
    readOnly: readOnly === 'on',
    deferrable: deferrable === 'on',
  };
}
