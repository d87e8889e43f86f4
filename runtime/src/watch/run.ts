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
      finished: () => {
        this.#judge();
        this.#finish();
      },
    });
    process.once('exit', () => {
      this.#judge();
      printReport(this.#writer.hazards);
    });
  }

  /** A hook of this scope waits for what will not come. With nothing else running, the run is over. */
  isStuck(scope: RunScope): void {
    if ([...this.#running].every((other) => isWithin(scope, other))) this.#finish();
  }

  #judge(): void {
    if (this.#judged) return;
    this.#judged = true;
    this.#tell((detector) => detector.finished?.());
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#writer.finish();
    // What leaks may keep the process alive for ever: do not wait for its end to say so.
    setTimeout(() => printReport(this.#writer.hazards), REPORT_DELAY).unref();
  }

  #tell(moment: (detector: Detector) => void): void {
    for (const detector of this.#detectors) moment(detector);
  }
}
