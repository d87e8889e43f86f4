/** How other sessions of the server see the connections of this process, where the app gave them no name. */
import { basename } from 'node:path';

const [, file = ''] = process.argv;

/** The file that runs and its process; the server keeps 63 bytes of it. */
export const APPLICATION_NAME = ['savepoint', basename(file).slice(-40), `(${String(process.pid)})`]
  .filter((part) => part !== '')
  .join(' ');
