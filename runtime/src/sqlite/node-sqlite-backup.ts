/**
 * `backup()` of `node:sqlite`, a function of the module and no method: given the handle of a test, it
 * is about the real one. Node's own would end the process by SIGSEGV: it reads what is behind a handle
 * of its own. Imports of it see what is put in its place, also those made before.
 */
import { syncBuiltinESMExports } from 'node:module';
import { BACKUP } from './access.ts';
import { executorOf } from './executors.ts';
import { Session } from './session.ts';

type Backup = (from: object, ...rest: readonly unknown[]) => Promise<unknown>;

const routed = new WeakSet<object>();

/** @param module from Node 22.16 on it has one */
export function routeBackups(module: { backup?: Backup }): void {
  const own = module.backup;
  if (!own || routed.has(module)) return;
  routed.add(module);
  module.backup = async function backup(from, ...rest) {
    const executor = executorOf(from);
    if (!executor) return own(from, ...rest);
    const real = executor instanceof Session ? executor.real : from;
    return executor.use().change(BACKUP, () => own(real, ...rest));
  };
  syncBuiltinESMExports();
}
