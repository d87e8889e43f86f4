/**
 * Rounds of contenders, interleaved: each round visits every contender, beginning one further along
 * than the last, so that what else the machine does falls on all of them alike.
 */
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';

/** Whose turn it is, again and again. */
export async function* inTurns<Each>(
  contenders: readonly Each[],
  rounds: number,
): AsyncGenerator<Each> {
  for (let round = 0; round < rounds; round++) {
    const first = round % contenders.length;
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      await idleCores();
      yield contender;
    }
  }
}

/** Waits, but not for long, until other work leaves the cores alone. */
async function idleCores(): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    const before = ticks();
    await setTimeout(60);
    const after = ticks();
    if ((after.idle - before.idle) / (after.all - before.all) > 0.75) return;
  }
}

function ticks(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.sys + times.nice + times.irq;
  }
  return { idle, all };
}
