/** Submissions of savepoint's own, whose answers nobody reads. */
import type pg from 'pg';
import type { Submission } from './exchange.ts';

export const UNHEARD: Submission = {
  submit: () => null,
  handleError: () => undefined,
  handleReadyForQuery: () => undefined,
};

/** Where the server is not asked, a query that would ask it for more finds nobody. */
export const UNASKED = { sync: () => undefined } as unknown as pg.Connection;

/** Has a text read by the server and not run. @param name what it is prepared as */
export function parseOnly(text: string, name: string | undefined): Submission {
  return {
    ...UNHEARD,
    text,
    name,
    submit: (connection) => {
      connection.parse({ text, name: name ?? '', types: [] }, false);
      connection.sync();
    },
  };
}
