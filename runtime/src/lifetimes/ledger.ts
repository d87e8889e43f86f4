/**
 * What was acquired in this run, by whom, and what became of it. Records facts and judges nothing;
 * knows resources by kind only.
 */
import { RESOURCE_KINDS, type ResourceKind } from '@savepoint/catalogue';
import { formatPlace, type Trace } from '../trace.ts';
import type { RunScope } from './run-scope.ts';

/** The call that gave a fixture back. */
export interface ReleaseSeen {
  readonly by: RunScope;
  readonly at: Trace;
  /** False when its hook or test ended and the release was still under way, or nobody waited for it. */
  awaited: boolean;
  /** True when something that still needed the fixture was out at that moment. */
  beforeDependents: boolean;
}

/** One fixture of the run, from its acquisition to its release. */
export interface Fixture {
  readonly kind: ResourceKind;
  readonly resource: WeakKey;
  readonly owner: RunScope;
  readonly acquired: Trace;
  /** Facts that its messages name, read when they are written. */
  readonly values: () => Readonly<Record<string, string | number>>;
  /** Whether it still occupies anything: a pool without connections holds nothing up. */
  readonly isHeld: () => boolean;
  release: ReleaseSeen | undefined;
}

/** What is known of a fixture when it is acquired. */
export interface Acquisition extends Pick<Fixture, 'kind' | 'resource' | 'owner' | 'acquired'> {
  readonly values?: Fixture['values'];
  readonly isHeld?: Fixture['isHeld'];
}

export class Ledger {
  readonly #fixtures = new WeakMap<WeakKey, Fixture>();
  readonly #open = new Set<Fixture>();
  /** The scopes that acquired something at a line. */
  readonly #ownersAt = new Map<string, Set<RunScope>>();

  /** Records a fixture. A resource that is lent again and again is a new fixture each time. */
  acquire({ values = () => ({}), isHeld = () => true, ...acquisition }: Acquisition): Fixture {
    const fixture: Fixture = { ...acquisition, values, isHeld, release: undefined };
    this.#fixtures.set(fixture.resource, fixture);
    this.#open.add(fixture);
    const line = lineOf(fixture);
    this.#ownersAt.set(line, (this.#ownersAt.get(line) ?? new Set()).add(fixture.owner));
    return fixture;
  }

  /** How many scopes acquired something where this fixture was acquired. */
  ownersOfLine(fixture: Fixture): number {
    return this.#ownersAt.get(lineOf(fixture))?.size ?? 0;
  }

  /** Records the release. Nothing when the resource is unknown or was released before. */
  release(resource: WeakKey, by: RunScope, at: Trace): ReleaseSeen | undefined {
    const fixture = this.#fixtures.get(resource);
    if (!fixture || fixture.release) return undefined;
    this.#open.delete(fixture);
    fixture.release = { by, at, awaited: true, beforeDependents: false };
    return fixture.release;
  }

  /** The latest fixture of this resource. */
  of(resource: WeakKey): Fixture | undefined {
    return this.#fixtures.get(resource);
  }

  /** What is not released, in the order of acquisition. */
  open(kind?: ResourceKind): Fixture[] {
    return [...this.#open].filter((fixture) => kind === undefined || fixture.kind === kind);
  }

  /** What this very scope acquired and nobody released. */
  heldBy(owner: RunScope): Fixture[] {
    return [...this.#open].filter((fixture) => fixture.owner === owner);
  }

  /** Stops waiting for the release of a fixture. */
  forget(fixture: Fixture): void {
    this.#open.delete(fixture);
  }
}

function lineOf({ acquired }: Fixture): string {
  return acquired.place ? formatPlace(acquired.place) : '';
}

/** The word for a kind in a sentence. */
export function nounOf(kind: ResourceKind): string {
  return RESOURCE_KINDS[kind].noun;
}
