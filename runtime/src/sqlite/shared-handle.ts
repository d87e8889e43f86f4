/** A handle that tests have in turn, each in a sandbox that leaves it as it was. */
import type { TestScope } from '../test-scope.ts';
import { throwAll } from '../throw-all.ts';
import { DeferringSchema } from './deferring-schema.ts';
import type { RawHandle } from './driver.ts';
import { FileUse, meet } from './file-uses.ts';
import { insideAnother, KeptTransaction } from './floor.ts';
import type { Lease } from './lease.ts';
import type { Sandbox } from './sandbox.ts';
import { Session } from './session.ts';
import { isFree, openSandbox, type Turn } from './turn.ts';

interface SandboxTurn extends Turn {
  readonly sandbox: Sandbox;
}

export class SharedHandle<H extends object> {
  readonly raw: RawHandle<H>;
  readonly #floor: KeptTransaction;
  readonly #schema: DeferringSchema;
  readonly #file: FileUse | undefined;
  readonly #turns: SandboxTurn[] = [];
  #isSpent = false;

  constructor(raw: RawHandle<H>) {
    this.raw = raw;
    this.#floor = new KeptTransaction(raw);
    this.#schema = new DeferringSchema(raw);
    if (raw.file !== undefined)
      this.#file = new FileUse(raw.file, raw.handle, () => {
        this.#floor.end();
      });
  }

  /** Whether nobody has it, or a test around this one has it. */
  isFreeFor(scope: TestScope): boolean {
    return isFree(this.#turns, scope);
  }

  get isIdle(): boolean {
    return this.#turns.length === 0;
  }

  /** Whether a test did to it what cannot be taken back. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** @param after called when the test has given it back */
  lend(scope: TestScope, lease: Lease, after: () => void): H {
    const depth = this.#turns.length;
    meet(this.raw.handle, this.raw.file);
    const floor = depth === 0 ? this.#floor : insideAnother(this.raw, depth);
    const sandbox = openSandbox(this.raw, lease, floor, this.#schema, this.#turns.at(-1)?.sandbox);
    const turn = { scope, lease, sandbox };
    this.#turns.push(turn);
    this.#file?.begin(lease);
    scope.defer(() => {
      const errors: unknown[] = [];
      // Rows that are still being read keep a transaction from ending.
      attempt(errors, () => {
        lease.end();
      });
      this.#turns.splice(this.#turns.indexOf(turn), 1);
      this.#file?.end(lease);
      attempt(errors, () => {
        sandbox.close();
      });
      this.#isSpent ||= sandbox.isSpent;
      this.raw.forgetPreferences();
      after();
      throwAll(errors);
    });
    return this.raw.lend(new Session(this.raw.handle, lease, sandbox));
  }

  close(): void {
    this.#floor.end();
    this.#file?.forget();
    if (this.raw.isOpen) this.raw.close();
  }
}

function attempt(errors: unknown[], run: () => void): void {
  try {
    run();
  } catch (error) {
    errors.push(error);
  }
}
