/**
 * `node --import savepoint/watch`: sees hazards in tests that know nothing of savepoint, writes them
 * as evidence and reports them when the process ends. It changes no result of any test.
 */
import { isMainThread } from 'node:worker_threads';
import { EvidenceWriter, evidencePath } from './lifetimes/evidence.ts';
import { Ledger } from './lifetimes/ledger.ts';
import { identify } from './lifetimes/run-scope.ts';
import { watchStoresOfHooks, workBegins } from './watch/async-context.ts';
import { watchBrokenPools } from './watch/broken-pools.ts';
import { onlyStartsProcesses } from './runner-process.ts';
import { watchDispatcher } from './watch/dispatcher.ts';
import { watchEnvironment } from './watch/environment.ts';
import { Findings } from './watch/findings.ts';
import { watchFixtures } from './watch/fixtures.ts';
import { watchLateWork } from './watch/late-work.ts';
import { loadEarly } from './watch/loaded-modules.ts';
import { ambient } from './watch/node-test.ts';
import { watchPg } from './watch/pg-driver.ts';
import { watchPools } from './watch/pools.ts';
import { Releases } from './watch/releases.ts';
import { watchRoutes } from './watch/routes.ts';
import { Run } from './watch/run.ts';
import { watchSchemaChanges } from './watch/schema-changes.ts';
import { watchSchemaChurn } from './watch/schema-churn.ts';
import { watchServers } from './watch/servers.ts';
import { watchSqlite } from './watch/sqlite.ts';
import { watchTeardownOrder } from './watch/teardown-order.ts';
import { watchTemplates } from './watch/template-use.ts';
import { watchWaits } from './watch/waits.ts';
import { watchWorkingDirectory } from './watch/working-directory.ts';

if (isMainThread && !onlyStartsProcesses()) await install();

async function install(): Promise<void> {
  const ledger = new Ledger();
  const writer = new EvidenceWriter(evidencePath(process.argv[1]), () => identify(ambient().scope));
  const releases = new Releases(ledger);
  const lateWork = watchLateWork();
  const brokenPools = watchBrokenPools();
  const findings = new Findings((finding) => run.awaits(finding));
  const run: Run = new Run(writer, [
    releases,
    lateWork,
    brokenPools,
    watchWaits(findings, () => run.report()),
    watchTeardownOrder(),
    watchEnvironment(ledger),
    watchFixtures(ledger),
  ]);
  run.follow();
  const pools = watchPools(ledger, releases, (scope) => run.isStuck(scope));
  watchPg([
    pools,
    lateWork,
    brokenPools,
    watchSchemaChanges(),
    watchSchemaChurn(),
    watchTemplates(findings),
    { requested: workBegins, statement: workBegins },
  ]);
  watchStoresOfHooks();
  watchSqlite(ledger);
  watchServers(ledger);
  watchWorkingDirectory(ledger);
  watchDispatcher(ledger);
  loadEarly(['pg', 'better-sqlite3']);
  await watchRoutes();
}
