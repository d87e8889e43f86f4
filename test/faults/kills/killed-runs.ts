/**
 * Whole runs that are killed with SIGKILL at random moments, each followed by a start that looks for
 * what was left. Everything happens in folders of its own, so that all that is found there counts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  filesIn,
  kill,
  processes,
  segments,
  sockets,
  withDescendants,
  type Process,
} from '../../support/machine.ts';
import { FILES, LOOKING, writeSuite, type Seen } from './suite.ts';

/** Kinds of things that can be left, and what was. */
export type Left = Record<(typeof KINDS)[number], string[]>;
export const KINDS = [
  'databases',
  'roles',
  'sessions',
  'rows',
  'processes',
  'sockets',
  'files',
  'segments',
] as const;

export interface Kill {
  readonly number: number;
  /** Who was killed, when, and on which kind of start. */
  readonly what: string;
  readonly left: Left;
}

interface Options {
  readonly kills: number;
  readonly seed: number;
  /** Whether all shared memory of this system is ours. */
  readonly ownMemory: boolean;
}

/** Kills runs, one after the other. */
export async function* killRuns({ kills, seed, ownMemory }: Options): AsyncGenerator<Kill> {
  const place = new Place(ownMemory);
  try {
    const took = { cold: await place.wholeRun(), warm: await place.wholeRun() };
    const expected = await place.look();
    for (let number = 1; number <= kills; number += 1) {
      const random = randomFrom(`${seed}/${number}`);
      const start = random() < 0.5 ? 'cold' : 'warm';
      if (start === 'cold') await place.untilServerIsGone();
      if (random() < 0.3) place.forgetImage();
      const run = place.start(FILES);
      const moment = random() * took[start];
      await delay(moment);
      if (run.exitCode !== null) {
        // This one was faster than those that were timed. What has ended cannot be killed.
        took[start] = moment;
        number -= 1;
        continue;
      }
      const victim = pick(Object.keys(VICTIMS) as Victim[], random()) ?? 'all of the run';
      VICTIMS[victim](place, run, random);
      await place.untilEnded(run);
      const next = random() < 0.5 ? 'cold' : 'warm';
      if (next === 'cold') await place.untilServerIsGone();
      const what = `${victim} after ${moment.toFixed()} ms of a ${start} run, then a ${next} start`;
      yield { number, what, left: await place.leftOver(expected) };
    }
  } finally {
    await place.remove();
  }
}

type Victim = keyof typeof VICTIMS;

/** Who is killed. */
const VICTIMS = {
  'all of the run': (_, run) => killGroup(run),
  'the runner': (_, run) => {
    kill(run.pid ?? 0);
  },
  'a test process': (_, run, random) => {
    const files = processes().filter(({ group, pid }) => group === run.pid && pid !== run.pid);
    const file = pick(files, random());
    if (file) kill(file.pid);
    else killGroup(run);
  },
  'the keeper': (place, run) => {
    for (const { pid } of place.keepers()) kill(pid);
    killGroup(run);
  },
  'the server': (place) => {
    for (const { pid, command } of place.servers()) if (command.includes(' -D ')) kill(pid);
  },
  'everything, servers too': (place, run) => {
    killGroup(run);
    for (const { pid } of [...place.keepers(), ...place.servers()]) kill(pid);
  },
} satisfies Record<string, (place: Place, run: ChildProcess, random: () => number) => void>;

function killGroup({ pid = 0 }: ChildProcess): void {
  kill(-pid);
}

/** How long what was left may take to go after the next start, in looks. */
const LOOKS = 50;
const GRACE_SECONDS = 1;

const MEMORY = '/dev/shm';

/** The folders in which all of this happens. */
class Place {
  readonly #root = realpathSync(mkdtempSync(join(tmpdir(), 'kills-')));
  readonly #project = join(this.#root, 'project');
  readonly #temporary = join(this.#root, 'temporary');
  readonly #cache = join(this.#root, 'cache');
  readonly #data = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'kills-'));
  readonly #ownMemory: boolean;

  constructor(ownMemory: boolean) {
    this.#ownMemory = ownMemory;
    // For the server's user to pass through.
    for (const folder of [this.#root, this.#project, this.#temporary, this.#data]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
    }
    writeSuite(this.#project);
  }

  start(files: readonly string[]): ChildProcess {
    return spawn(process.execPath, ['--test', '--test-concurrency=2', ...files], {
      cwd: this.#project,
      // A group of its own, which can be killed as one.
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        TMPDIR: this.#temporary,
        XDG_CACHE_HOME: this.#cache,
        SAVEPOINT_SERVER_DATA: this.#data,
        SAVEPOINT_SERVER_GRACE: String(GRACE_SECONDS),
      },
    });
  }

  /** How long a run takes that nobody kills, in milliseconds. */
  async wholeRun(): Promise<number> {
    const started = performance.now();
    const run = this.start(FILES);
    const output = await textOf(run);
    if (run.exitCode !== 0) throw new Error(`the run fails without being killed:\n${output}`);
    return performance.now() - started;
  }

  keepers(): Process[] {
    return this.#own().filter(({ command }) => command.includes('keeper.js'));
  }

  servers(): Process[] {
    return this.#own().filter(({ command }) => /\b(postgres|initdb)\b/.test(command));
  }

  /** All processes that work here, or were told to. */
  #own(): Process[] {
    return processes().filter(({ pid, command, folder }) => {
      const isIn = (place: string) => command.includes(place) || folder.startsWith(place);
      return pid !== process.pid && [this.#root, this.#data].some(isIn);
    });
  }

  /** So that the next cold start takes as long as the first on a machine. */
  forgetImage(): void {
    rmSync(this.#cache, { recursive: true, force: true });
  }

  async untilServerIsGone(): Promise<void> {
    // A server whose keeper was killed goes with the next start, not by itself.
    while (this.keepers().length > 0) await delay(20);
  }

  async untilEnded(run: ChildProcess): Promise<void> {
    run.stdout?.resume();
    const ended = () => run.exitCode !== null || run.signalCode !== null;
    while (!ended() || processes().some(({ group }) => group === run.pid)) await delay(20);
  }

  /** What the next start sees, when nothing was killed before. */
  async look(): Promise<Seen> {
    return this.#whileLooking(async (seen) => seen());
  }

  /** What the next start finds that an undisturbed one does not, in the end. */
  async leftOver(expected: Seen): Promise<Left> {
    return this.#whileLooking(async (look, run) => {
      for (let looks = 1; ; looks += 1) {
        const left = { ...differences(await look(), expected), ...this.#leftHere(run) };
        if (looks === LOOKS || KINDS.every((kind) => left[kind].length === 0)) return left;
      }
    });
  }

  /** What there is, beside one run, its keeper, and one server. */
  #leftHere(run: ChildProcess): Pick<Left, 'processes' | 'sockets' | 'files' | 'segments'> {
    const [keeper] = this.keepers();
    const live = keeper ? withDescendants(keeper) : [];
    const strangers = this.#own().filter(({ pid, group }) => {
      return group !== run.pid && !live.includes(pid);
    });
    const [, socket] = /keeper\.js (\S+ \d+)/.exec(keeper?.command ?? '') ?? [];
    const path = `${socket?.replace(' ', '/') ?? ''}.sock`;
    return {
      processes: strangers.map(({ pid, command }) => `${pid} ${command}`),
      sockets: sockets().filter((name) => name.startsWith(this.#root) && name !== path),
      files: this.#filesBeside(path),
      segments: this.#ownMemory ? segments().slice(1) : [],
    };
  }

  /** One server has a folder in a state folder, a socket beside it, a link to its data, and these. */
  #filesBeside(socket: string): string[] {
    const folder = socket.replace(/\.sock$/, '').slice(this.#temporary.length + 1);
    const [state = ''] = folder.split('/');
    const ofServer = [state, folder, `${folder}.sock`, `${folder}/data`];
    const temporary = filesIn(this.#temporary).filter((path) => !ofServer.includes(path));
    const [, ...places] = readdirSync(this.#data);
    const images = join(this.#cache, 'savepoint');
    const building = existsSync(images)
      ? readdirSync(images).filter((name) => !name.startsWith('cluster-'))
      : [];
    return [...temporary, ...places, ...building];
  }

  async #whileLooking<T>(
    work: (look: () => Promise<Seen>, run: ChildProcess) => Promise<T>,
  ): Promise<T> {
    const enough = join(this.#project, 'enough');
    const looks = join(this.#project, 'looks.log');
    for (const file of [enough, looks]) rmSync(file, { force: true });
    const run = this.start([LOOKING]);
    const output = textOf(run);
    let taken = 0;
    const look = async (): Promise<Seen> => {
      for (;;) {
        const lines = existsSync(looks) ? readFileSync(looks, 'utf8').split('\n') : [''];
        const whole = lines.slice(taken, -1);
        taken += whole.length;
        const last = whole.at(-1);
        if (last) return JSON.parse(last) as Seen;
        if (run.exitCode !== null) throw new Error(`the next run cannot look:\n${await output}`);
        await delay(10);
      }
    };
    try {
      return await work(look, run);
    } finally {
      writeFileSync(enough, '');
      await this.untilEnded(run);
      if (run.exitCode !== 0) throw new Error(`the next run fails:\n${await output}`);
    }
  }

  async remove(): Promise<void> {
    await this.untilServerIsGone();
    for (const { pid } of this.#own()) kill(pid);
    for (const folder of [this.#root, this.#data]) {
      rmSync(folder, { recursive: true, maxRetries: 5 });
    }
  }
}

function differences(seen: Seen, expected: Seen): Pick<Left, keyof Seen> {
  const beside = (kind: keyof Seen) => seen[kind].filter((name) => !expected[kind].includes(name));
  return {
    databases: beside('databases'),
    roles: beside('roles'),
    sessions: beside('sessions'),
    rows: beside('rows'),
  };
}

async function textOf(run: ChildProcess): Promise<string> {
  let text = '';
  run.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await new Promise((resolve) => run.once('close', resolve));
  return text;
}

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: string): () => number {
  let drawn = 0;
  return () => {
    drawn += 1;
    const digest = createHash('sha256').update(`${seed}/${drawn}`).digest();
    return digest.readUInt32BE() / 2 ** 32;
  };
}

/** One of them, or undefined when there is none. */
function pick<T>(from: readonly T[], random: number): T | undefined {
  return from[Math.floor(random * from.length)];
}
