/** A database in memory: each test has a copy of its own, with real transactions. */
import type { Lend } from './access.ts';
import { Direct } from './direct.ts';
import { openHandle, RawHandle, type Handle } from './driver.ts';
import { leasedHandle } from './leased-handle.ts';
import type { Lease } from './lease.ts';
import { buildImage, setPragmas, type Image, type Migration, type Pragmas } from './migrations.ts';
import type { TestScope } from '../test-scope.ts';

export class MemoryDatabase {
  readonly #pragmas: Pragmas;
  readonly #build: () => Promise<Image>;
  #image: Promise<Image> | undefined;

  constructor(migration: Migration | undefined, pragmas: Pragmas) {
    this.#pragmas = pragmas;
    this.#build = () => buildImage(migration, pragmas);
  }

  async ready(): Promise<Lend> {
    const image = await (this.#image ??= this.#build());
    return (scope, lease) => this.#lend(image, scope, lease);
  }

  #lend({ bytes }: Image, scope: TestScope, lease: Lease): Handle {
    const raw = new RawHandle(openHandle(bytes.length > 0 ? bytes : ':memory:'));
    const copy = new Direct(raw, lease);
    scope.defer(() => {
      copy.close();
    });
    setPragmas(raw.handle, this.#pragmas);
    return leasedHandle(raw, lease, copy);
  }
}
