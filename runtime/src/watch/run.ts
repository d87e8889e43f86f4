/** The run as a whole: hands its moments to the detectors, and knows when it is over. */
import type { EvidenceWriter } from '../lifetimes/evidence.ts';
import { isWithin, type RunScope } from '../lifetimes/run-scope.ts';
import type { Detector } from './detector.ts';
import { watchTests } from './node-test.ts';
import { printReport } from './report.ts';

/** Milliseconds between the end of the tests and the report, if the process does not end by itself. */
const REPORT_DELAY = 1000;

export class Run {
  readonly #writer: EvidenceWriter;
  readonly #detectors: readonly Detector[];
  readonly #running = new Set<RunScope>();
  readonly #findings = new Set<Promise<void>>();
  #judged = false;
  #finished = false;

  constructor(writer: EvidenceWriter, detectors: readonly Detector[]) {
    this.#writer = writer;
    this.#detectors = detectors;
  }

  /** Begins to follow the run. Call before its first test is made. */
  follow(): void {
    watchTests({
      firstTest: () => this.#writer.open(),
      began: (scope) => {
        this.#running.add(scope);
        this.#tell((detector) => detector.began?.(scope));
      },
      hookEnded: (hook) => this.#tell((detector) => detector.hookEnded?.(hook)),
      ended: (scope) => {
        this.#running.delete(scope);
        this.#tell((detector) => detector.ended?.(scope));
      },
      stopped: (scope) => this.#tell((detector) => detector.stopped?.(scope)),
      finished: () => {
        this.#judge();
        this.#finish();
      },
    });
    process.once('exit', () => {
      this.#judge();
      this.report();
    });
  }

  /** A hook of this scope waits for what will not come. With nothing else running, the run is over. */
  isStuck(scope: RunScope): void {
    if ([...this.#running].every((other) => isWithin(scope, other))) this.#finish();
  }

  /** What was seen so far is reported now: it may be all there ever is to see. */
  report(): void {
    printReport(this.#writer.hazards);
  }

  /** The end of the run waits for a report that is still being found out. */
  awaits(finding: Promise<void>): void {
    this.#findings.add(finding);
    void finding.finally(() => this.#findings.delete(finding));
  }

  #judge(): void {
    if (this.#judged) return;
    this.#judged = true;
    this.#tell((detector) => detector.finished?.());
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    void Promise.allSettled(this.#findings).then(() => {
      this.#writer.finish();
      // What leaks may keep the process alive for ever: do not wait for its end to say so.
      setTimeout(() => this.report(), REPORT_DELAY).unref();
    });
  }

  #tell(moment: (detector: Detector) => void): void {
    for (const detector of this.#detectors) moment(detector);
  }
}
