/** Does one frame run within another: a test in its suite, a hook in the scope it serves, a helper in its callers? */
import type { FunctionNode } from './ast.ts';
import type { Frame, Frames } from './frames.ts';

/** What tells one frame from another: its function; the file has none. */
export type Anchor = FunctionNode | undefined;

export function anchorOf(frame: Frame): Anchor {
  return frame.is === 'file' ? undefined : frame.fn;
}

export interface Nesting {
  /** Whether `frame` runs within `scope`, or within a caller of the helper that `scope` is. */
  readonly covers: (scope: Frame, frame: Frame) => boolean;
  /** What a frame runs within, itself included. */
  readonly surroundingsOf: (frame: Frame) => ReadonlySet<Anchor>;
}

export function readNesting(frames: Frames): Nesting {
  const surroundings = new Map<Anchor, ReadonlySet<Anchor>>();

  function covers(scope: Frame, frame: Frame, asked = new Set<Anchor>()): boolean {
    const anchor = anchorOf(scope);
    if (surroundingsOf(frame).has(anchor)) return true;
    if (scope.is !== 'helper' || asked.has(anchor)) return false;
    asked.add(anchor);
    return callersOf(scope.fn).some((caller) => covers(caller, frame, asked));
  }

  function surroundingsOf(frame: Frame): ReadonlySet<Anchor> {
    const anchor = anchorOf(frame);
    const known = surroundings.get(anchor);
    if (known) return known;
    const all = new Set<Anchor>();
    addSurroundings(frame, all);
    surroundings.set(anchor, all);
    return all;
  }

  function addSurroundings(frame: Frame, all: Set<Anchor>): void {
    const anchor = anchorOf(frame);
    if (all.has(anchor)) return;
    all.add(anchor);
    switch (frame.is) {
      case 'file':
        return;
      case 'helper':
        for (const caller of callersOf(frame.fn)) addSurroundings(caller, all);
        return;
      case 'hook':
      case 'suite':
      case 'test':
        addSurroundings(frames.servedBy(frame.call), all);
    }
  }

  function callersOf(fn: FunctionNode): Frame[] {
    return frames
      .usesOf(fn)
      .flatMap((use) => (use.is === 'called' ? [frames.frameOf(use.call)] : []));
  }

  return { covers, surroundingsOf };
}

export function isSameFrame(a: Frame, b: Frame): boolean {
  return a.is === 'file' ? b.is === 'file' : b.is !== 'file' && a.fn === b.fn;
}
