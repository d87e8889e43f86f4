/**
 * The answer to what most questions are: one statement that says nothing to its session and leaves
 * nothing behind but rows. What a script does for it, without what a script needs for all the others.
 */
import { OPEN_TRANSACTION, RELEASE_TRANSACTION, type AppTransaction } from './app-transaction.ts';
import { grantModes } from './granted-modes.ts';
import { isPlain } from './plain-statements.ts';
import type { Question } from './question.ts';
import type { Body, Outcome, Submission } from './exchange.ts';
import { endsTransaction } from './judgement.ts';
import { Script, type Settle } from './script.ts';
import type { Asker, Session } from './session.ts';
import { statementsOf, type Statement } from './statements.ts';

const NOTHING: readonly never[] = [];

/** Answers a question, plainly where that is enough. @param settle called once, later, as by `Script.run` */
export function answerQuestion(
  session: Session,
  asker: Asker,
  question: Question,
  settle: Settle,
): void {
  const { text } = question;
  const statements = text === undefined ? NOTHING : statementsOf(text);
  if (question.isPlain && !question.isNamed && isPlain(statements) && isPlainIn(session, asker))
    new PlainAnswer(session, asker, question, statements, settle).send();
  else new Script(session, asker, question).run(settle);
}

/** Whether what came before leaves nothing to do for a plain statement. */
function isPlainIn(session: Session, asker: Asker): boolean {
  const { transaction } = asker;
  if (transaction) return !transaction.aborted;
  return session.beginsPlainly && session.servesAlike(asker);
}

class PlainAnswer implements Body {
  readonly listener: Submission;
  readonly #session: Session;
  readonly #asker: Asker;
  readonly #question: Question;
  readonly #statements: readonly Statement[];
  readonly #settle: Settle;
  /** The app's block; absent, the statement is a transaction of its own. */
  readonly #transaction: AppTransaction | undefined;
  #escaped = false;

  constructor(
    session: Session,
    asker: Asker,
    question: Question,
    statements: readonly Statement[],
    settle: Settle,
  ) {
    this.listener = question.submission;
    this.#session = session;
    this.#asker = asker;
    this.#question = question;
    this.#statements = statements;
    this.#settle = settle;
    this.#transaction = asker.transaction;
  }

  send(): void {
    const session = this.#session;
    const inside = this.#transaction;
    if (!inside) {
      try {
        grantModes(session, this.#question, session.initialModes);
      } catch (refusal) {
        process.nextTick(this.#settle, refusal);
        return;
      }
      session.sendLater(OPEN_TRANSACTION);
      session.history.transactions++;
    } else {
      if (inside.modes.query()) session.history.transactions++;
      inside.touched = true;
    }
    session.send(
      inside ? [...inside.leftovers.ahead(), ...inside.modes.tell()] : NOTHING,
      this,
      (notice) => {
        this.#asker.hearNotice(notice);
      },
      (outcome) => {
        this.#hear(outcome);
      },
    );
  }

  onCommand(tag: string): void {
    if (endsTransaction(tag, this.#statements)) this.#escaped = true;
  }

  #hear(outcome: Outcome): void {
    const session = this.#session;
    const isWell = outcome.is === 'done' && !this.#escaped && session.serverStatus === 'T';
    const commits = !this.#transaction;
    if (!isWell || (commits && session.checksConstraints)) {
      new Script(session, this.#asker, this.#question).conclude(
        outcome,
        this.#escaped,
        this.#settle,
      );
      return;
    }
    if (commits) session.sendLater(RELEASE_TRANSACTION);
    this.#settle();
  }
}
