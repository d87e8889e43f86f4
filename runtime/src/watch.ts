/**
 * `node --import savepoint/watch`: sees hazards in tests that know nothing of savepoint, writes them
 * as evidence and reports them when the process ends. It changes no result of any test.
 */
import { isMainThread } from 'node:worker_threads';
import { EvidenceWriter, evidencePath } from './lifetimes/evidence.ts';
import { Ledger } from './lifetimes/ledger.ts';
import { identify, isWithin, type RunScope } from './lifetimes/run-scope.ts';
import type { Detector } from './watch/detector.ts';
import { watchFixtures } from './watch/fixtures.ts';
import { watchLateWork } from './watch/late-work.ts';
import { loadEarly } from './watch/loaded-modules.ts';
import { ambient, watchTests } from './watch/node-test.ts';
import { watchPg } from './watch/pg-driver.ts';
import { watchPools } from './watch/pools.ts';
import { Releases } from './watch/releases.ts';
import { printReport } from './watch/report.ts';

/** A test runner that starts a process per file runs no test itself. */
function onlyStartsProcesses(): boolean {
  const options = process.execArgv.join(' ');
  return /--test(?= |$)/.test(options) && !/--(experimental-)?test-isolation[= ]none/.test(options);
}

function install(): void {
  const ledger = new Ledger();
  const writer = new EvidenceWriter(evidencePath(process.argv[1]), () => identify(ambient().scope));
  const releases = new Releases(ledger);
  const lateWork = watchLateWork();
  const detectors: Detector[] = [releases, lateWork, watchFixtures(ledger)];
  const running = new Set<RunScope>();
  let finished = false;

  const finish = () => {
    if (finished) return;
    finished = true;
    writer.finish();
    // What leaks may keep the process alive for ever: do not wait for its end to say so.
    setTimeout(() => printReport(writer.hazards), REPORT_DELAY).unref();
  };

  /** A hook waits for what will not come. With nothing else running, the run is over, too. */
  const stuck = (scope: RunScope) => {
    if ([...running].every((other) => isWithin(scope, other))) finish();
  };

  watchTests({
    firstTest: () => writer.open(),
    began: (scope) => {
      running.add(scope);
      detectors.forEach((detector) => detector.began?.(scope));
    },
    hookEnded: (hook) => detectors.forEach((detector) => detector.hookEnded?.(hook)),
    ended: (scope) => {
      running.delete(scope);
      detectors.forEach((detector) => detector.ended?.(scope));
    },
    finished: () => {
      detectors.forEach((detector) => detector.finished?.());
      finish();
    },
  });
  const pools = watchPools(ledger, releases, stuck);
  watchPg({
    ...pools,
    requested(request) {
      pools.requested(request);
      lateWork.requested(request);
    },
    statement() {},
  });
  loadEarly(['pg']);
  process.on('exit', () => printReport(writer.hazards));
}

/** Milliseconds between the end of the tests and the report, if the process does not end by itself. */
const REPORT_DELAY = 1000;

if (isMainThread && !onlyStartsProcesses()) install();
