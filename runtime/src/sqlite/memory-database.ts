/** A database in memory: tests that run at the same time have a copy each, with the next test it starts anew. */
import type { TestScope } from '../test-scope.ts';
import type { Lend, Lender } from './access.ts';
import { lendClone } from './clone.ts';
import type { Driver, Image } from './driver.ts';
import type { Lease } from './lease.ts';
import { buildImage, setPragmas, type Migration, type Pragmas } from './migrations.ts';
import { SharedHandle } from './shared-handle.ts';

export class MemoryDatabase<H extends object> implements Lender<H> {
  readonly #pragmas: Pragmas;
  readonly #build: () => Promise<Image<H>>;
  #building: Promise<Image<H>> | undefined;
  /** Once it is built. */
  #image: Image<H> | undefined;
  /** Those that no test has. */
  readonly #idle: SharedHandle<H>[] = [];
  /** Those that tests have now. */
  readonly #lent = new Set<SharedHandle<H>>();

  constructor(driver: Driver<H>, migration: Migration<H> | undefined, pragmas: Pragmas) {
    this.#pragmas = pragmas;
    this.#build = () => buildImage(driver, migration, pragmas);
  }

  forRollback(): Lend<H> | Promise<Lend<H>> {
    return this.#whenReady((image) => (scope, lease) => this.#lend(image, scope, lease));
  }

  forClone(): Lend<H> | Promise<Lend<H>> {
    return this.#whenReady(
      (image) => (scope, lease) => lendClone(image, this.#pragmas, scope, lease),
    );
  }

  #whenReady<T>(then: (image: Image<H>) => T): T | Promise<T> {
    return this.#image ? then(this.#image) : this.#ready().then(then);
  }

  async #ready(): Promise<Image<H>> {
    return (this.#image = await (this.#building ??= this.#build()));
  }

  #lend(image: Image<H>, scope: TestScope, lease: Lease): H {
    const shared = this.#around(scope) ?? this.#idle.pop() ?? this.#open(image);
    this.#lent.add(shared);
    return shared.lend(scope, lease, () => {
      this.#takeBack(shared);
    });
  }

  /** The one that a test around this one has. */
  #around(scope: TestScope): SharedHandle<H> | undefined {
    if (this.#lent.size === 0) return undefined;
    return [...this.#lent].find((shared) => shared.isFreeFor(scope));
  }

  #open(image: Image<H>): SharedHandle<H> {
    const raw = image.copy();
    setPragmas(raw, this.#pragmas);
    return new SharedHandle(raw);
  }

  #takeBack(shared: SharedHandle<H>): void {
    if (!shared.isIdle) return;
    this.#lent.delete(shared);
    if (shared.isSpent) shared.close();
    else this.#idle.push(shared);
  }
}
