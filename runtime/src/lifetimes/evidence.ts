/**
 * What a run has seen, one JSON line per hazard, written at once and synchronously: a process that is
 * killed a moment later loses nothing. Knows no resource and no test runner.
 */
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { HazardId } from '@savepoint/catalogue';
import { hazards, type HazardError, type TestIdentity } from '../hazard-error.ts';
import type { Place, Trace } from '../trace.ts';

/** One hazard, as it stands in the file. */
export interface HazardEvidence {
  readonly code: HazardId;
  readonly message: string;
  /** The full name of the test or suite; null for code of the file outside of them. */
  readonly test: string | null;
  readonly file: string | null;
  readonly acquired: Place | null;
  readonly used: Place | null;
  /** Where the resource should have been released. */
  readonly expected: string | null;
  readonly pid: number;
  /** ISO 8601. */
  readonly at: string;
}

/** All tests of the process have ended: what still keeps it alive is a leak. */
export interface Finished {
  readonly event: 'finished';
  readonly pid: number;
}

/** A line of the file. */
export type EvidenceLine = HazardEvidence | Finished;

/** Says which test a hazard belongs to that was made without one. */
export type Blame = () => TestIdentity | undefined;

/** Writes hazards as they are made, each once for a test and a line. */
export class EvidenceWriter {
  readonly path: string;
  readonly #blame: Blame;
  readonly #written = new Set<string>();
  readonly #hazards: HazardError[] = [];
  /** Lines of before it was known that tests run in this process; undefined from then on. */
  #waiting: EvidenceLine[] | undefined = [];

  constructor(path: string, blame: Blame) {
    this.path = path;
    this.#blame = blame;
    subscribe(hazards.name, this.#listen);
  }

  /** The hazards written so far. */
  get hazards(): readonly HazardError[] {
    return this.#hazards;
  }

  // Nothing else is published there; another copy of savepoint has another class, so no `instanceof`.
  readonly #listen = (error: unknown): void => this.#add(error as HazardError);

  /** Begins to write. Before, lines wait: a process without tests leaves no file. */
  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const line of waiting) this.#write(line);
  }

  /** Writes that all tests have ended. */
  finish(): void {
    this.#write({ event: 'finished', pid: process.pid });
  }

  /** Listens no more. */
  close(): void {
    unsubscribe(hazards.name, this.#listen);
  }

  #add(error: HazardError): void {
    const test = error.test ?? this.#blame();
    const evidence: HazardEvidence = {
      code: error.code,
      message: error.happened,
      test: test?.name ?? null,
      file: test?.file ?? null,
      acquired: placeOf(error.acquired),
      used: placeOf(error.used),
      expected: error.expected ?? null,
      pid: process.pid,
      at: new Date().toISOString(),
    };
    const key = JSON.stringify([evidence.code, evidence.test, evidence.acquired, evidence.used]);
    if (this.#written.has(key)) return;
    this.#written.add(key);
    this.#hazards.push(error);
    this.#write(evidence);
  }

  #write(line: EvidenceLine): void {
    if (this.#waiting) {
      this.#waiting.push(line);
      return;
    }
    try {
      appendFileSync(this.path, `${JSON.stringify(line)}\n`);
    } catch (error) {
      // A full disk is no fault of the test that runs.
      process.emitWarning(`savepoint cannot write its evidence: ${String(error)}`);
    }
  }
}

/**
 * Where the evidence of this process goes: the file named by `SAVEPOINT_EVIDENCE`, which processes
 * may share, or one per test file in `node_modules/.cache/savepoint` of the project, begun anew.
 */
export function evidencePath(mainFile: string | undefined): string {
  const given = process.env['SAVEPOINT_EVIDENCE'];
  if (given) {
    const path = resolve(given);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }
  const directory = join(projectOf(process.cwd()), 'node_modules', '.cache', 'savepoint');
  mkdirSync(directory, { recursive: true });
  const name = createHash('sha256')
    .update(mainFile ?? '')
    .digest('hex')
    .slice(0, 16);
  const path = join(directory, `${name}.jsonl`);
  rmSync(path, { force: true });
  return path;
}

function projectOf(directory: string): string {
  for (let at = directory; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (dirname(at) === at) return directory;
  }
}

function placeOf(trace: Trace | undefined): Place | null {
  return trace?.place ?? null;
}
