/**
 * Where something happened in the user's code. Reads `Error.stack` as text, so that source maps and
 * loaders that rewrite it are honoured. Knows no hazard.
 */
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A line in a file of the user's. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A moment of the run: its call stack, cut down to the user's frames. */
export interface Trace {
  /** The frames of the user's own code, innermost first, as V8 writes them (`at f (file:1:2)`). */
  readonly frames: readonly string[];
  /** The innermost frame that can be read as a place. */
  readonly place: Place | undefined;
}

const HERE = dirname(fileURLToPath(import.meta.url));
/** Built files and, where source maps are applied, what they were built from. */
const OWN_CODE = ['dist', 'src'].map((folder) => join(dirname(HERE), folder, sep));
/** Parts of savepoint that stand between a call and its caller without making it. */
const OBSERVERS = OWN_CODE.flatMap((folder) =>
  ['watch', 'lifetimes', 'ambient-test', 'trace', 'pg/app-pool', 'pg/captured-client'].map((part) =>
    join(folder, part),
  ),
);
const STACK_DEPTH = 40;

/**
 * Captures the stack of the caller. Frames of Node, of packages and of savepoint itself are left out.
 * An error holds its stack unread, until somebody wants to know. It is made here and not in a function
 * of its own, for what it costs is its frames: one more is a microsecond that every test pays.
 */
export function captureTrace(): LateTrace {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const mark = new Error();
  Error.stackTraceLimit = before;
  return new LateTrace(mark);
}

/** Whether savepoint itself makes this call, and not code of the user's that savepoint called. */
export function isOwnCall(): boolean {
  const frames = framesOf(captureTrace().stack);
  const user = frames.findIndex(isUserFrame);
  return frames.slice(0, user === -1 ? undefined : user).some(isOwnFrame);
}

/** Whether a package makes this call by itself, and not the user's own code. */
export function isPackageCall(): boolean {
  const others = framesOf(captureTrace().stack).filter((frame) => !isIn(frame, OWN_CODE));
  const caller = others.find((frame) => isUserFrame(frame) || isPackageFrame(frame));
  return caller !== undefined && isPackageFrame(caller);
}

/** Whether a file is one of savepoint's. */
export function isOwnFile(file: string | undefined): boolean {
  return file !== undefined && isIn(file, OWN_CODE);
}

/** Reads the text of an `Error.stack`. */
export function traceOf(stack: string): Trace {
  const outside = framesOf(stack).filter(isUserFrame);
  // Source maps of a package may name sources that it does not ship, by paths that lead out of it.
  const onDisk = outside.filter((frame) => existsSync(placeOf(frame)?.file ?? ''));
  const frames = onDisk.length > 0 ? onDisk : outside;
  return { frames, place: frames.map(placeOf).find((place) => place !== undefined) };
}

/** `file:line:column`, the way terminals and editors make it a link. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${String(line)}:${String(column)}`;
}

class LateTrace implements Trace {
  #mark: Error | undefined;
  #read: Trace | undefined;

  constructor(mark: Error) {
    this.#mark = mark;
  }

  get frames(): readonly string[] {
    return this.#trace.frames;
  }

  get place(): Place | undefined {
    return this.#trace.place;
  }

  /** As V8 writes it; of a trace that nobody has read yet. */
  get stack(): string {
    return this.#mark?.stack ?? '';
  }

  get #trace(): Trace {
    this.#read ??= traceOf(this.stack);
    this.#mark = undefined;
    return this.#read;
  }
}

function framesOf(stack: string): string[] {
  return stack
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}

function isOwnFrame(frame: string): boolean {
  return isIn(frame, OWN_CODE) && !isIn(frame, OBSERVERS);
}

function isIn(frame: string, paths: readonly string[]): boolean {
  return paths.some((path) => frame.includes(path));
}

function isPackageFrame(frame: string): boolean {
  return frame.includes('/node_modules/') || frame.includes('\\node_modules\\');
}

function isUserFrame(frame: string): boolean {
  return (
    !frame.includes('node:') &&
    !isPackageFrame(frame) &&
    !isIn(frame, OWN_CODE) &&
    !frame.includes('<anonymous>)') &&
    !/\(index \d+\)$/.test(frame)
  );
}

function placeOf(frame: string): Place | undefined {
  const match = /\(?((?:file:\/\/)?[^()]+?):(\d+):(\d+)\)?$/.exec(
    frame.replace(/^at (async )?/, ''),
  );
  if (!match) return undefined;
  const [, location = '', line, column] = match;
  const file = location.slice(location.search(/file:\/\/|[A-Za-z]:\\|\//));
  return {
    file: file.startsWith('file://') ? fileURLToPath(file) : file,
    line: Number(line),
    column: Number(column),
  };
}
