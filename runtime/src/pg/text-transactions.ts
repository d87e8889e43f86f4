/**
 * The transactions that a text of the app uses, begins and ends: savepoints of the one around the
 * test. Statements outside of a block have one for each text, as on the server.
 */
import { AppTransaction } from './app-transaction.ts';
import { UNHEARD } from './unheard.ts';
import { holdCursors } from './held-cursors.ts';
import { CHECK_CONSTRAINTS } from './leftovers.ts';
import type { Modes } from './modes-in-force.ts';
import { failedAtCommit } from './refusals.ts';
import type { Said } from './said.ts';

export class TextTransactions {
  readonly #said: Said;
  #implicit: AppTransaction | undefined;

  constructor(said: Said) {
    this.#said = said;
  }

  /** The app's block, or the text's own transaction, opened if need be. */
  get current(): AppTransaction {
    return this.#said.asker.transaction ?? this.openImplicit();
  }

  /** The text's own transaction, while there is one. */
  get implicit(): AppTransaction | undefined {
    return this.#implicit;
  }

  /** Takes for the text's own what was opened without it. */
  adopt(): AppTransaction {
    return (this.#implicit = this.unsent());
  }

  /** A transaction that the server has not heard of. */
  unsent(): AppTransaction {
    return new AppTransaction(this.#said.session.initialModes, this.#said.question.asked);
  }

  openImplicit(): AppTransaction {
    if (!this.#implicit) {
      this.#implicit = this.unsent();
      this.#said.session.sendLater(...this.#implicit.open());
    }
    return this.#implicit;
  }

  /** @returns a promise only where the server has to be asked */
  commitImplicit(): Promise<void> | undefined {
    const implicit = this.#implicit;
    this.#implicit = undefined;
    return implicit && this.commit(implicit);
  }

  rollBackImplicit(): void {
    if (this.#implicit) this.#said.session.sendLater(...this.#implicit.rollback());
    this.#implicit = undefined;
  }

  /** @param initial the modes that it begins with */
  begin(initial: Modes): void {
    // In one text, BEGIN takes over what stands before it.
    this.#said.asker.transaction =
      this.#implicit ?? new AppTransaction(initial, this.#said.question.asked);
    if (!this.#implicit) this.#said.session.sendLater(...this.#said.asker.transaction.open());
    this.#implicit = undefined;
    this.#said.session.hold(this.#said.asker);
  }

  /** @throws the error of a deferred constraint, or of a cursor that is held; the transaction is then rolled back */
  commit(transaction: AppTransaction): Promise<void> | undefined {
    const checks = transaction.touched && this.#said.session.checksConstraints;
    if (checks || transaction.cursors) return this.#commitWithWork(transaction, checks);
    this.#release(transaction);
    return undefined;
  }

  /** @param checks whether anything may be deferred: that comes before cursors, as on the server */
  async #commitWithWork(transaction: AppTransaction, checks: boolean): Promise<void> {
    try {
      if (checks) await this.#checkConstraints(transaction);
      if (transaction.cursors) await holdCursors(this.#said, transaction, transaction.cursors);
    } catch (failure) {
      this.#said.session.sendLater(...transaction.rollback());
      throw failure;
    }
    this.#release(transaction);
  }

  #release(transaction: AppTransaction): void {
    this.#said.session.sendLater(...transaction.commit(), ...this.#said.session.lasting.tidy());
    this.#said.session.lasting.inherit(transaction.leftovers.lasting);
    this.#said.session.history.enumValueAdded ||= transaction.addsEnumValue;
    if (transaction.keepsSomething)
      this.#said.session.clients.commit(this.#said.asker, transaction);
  }

  async #checkConstraints({ modes }: AppTransaction): Promise<void> {
    const body = { text: CHECK_CONSTRAINTS, listener: UNHEARD };
    // Triggers may say something.
    const outcome = await this.#said.session.exchange(modes.tell(), body, (notice) => {
      this.#said.asker.hearNotice(notice);
    });
    if (outcome.is === 'done') return;
    this.#said.session.notes.tell('require-deferred-check', () =>
      failedAtCommit(this.#said.session, this.#said.question, outcome.error),
    );
    throw outcome.error;
  }
}
