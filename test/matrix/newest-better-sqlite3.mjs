/**
 * Imported ahead of everything on newer versions of Node: there `better-sqlite3` is 13, which Node 20 does
 * not run. The one that the project installs is built for the Node that installed it.
 */
import { createRequire, registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.env.SAVEPOINT_TEST_BETTER_SQLITE3;
const { href: url } = pathToFileURL(createRequire(join(folder, '/')).resolve('better-sqlite3'));

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'better-sqlite3'
      ? { url, format: 'commonjs', shortCircuit: true }
      : next(specifier, context),
});
