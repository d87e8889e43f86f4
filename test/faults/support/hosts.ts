/**
 * Machines of a test's own: each with its own network stack, address, host name and processes, all on
 * one wire that the rest of this system does not see. A machine goes with the process that made it,
 * and takes everything that ran on it along.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Why there can be no machines, if there can be none. */
export function noHosts(): string | false {
  if (process.platform !== 'linux') return 'only Linux has network namespaces';
  if (process.getuid?.() !== 0) return 'making network namespaces takes root';
  try {
    const make = 'ip link add wire type bridge && ip link add plug0 type veth peer name eth0';
    execFileSync('unshare', [...APART, 'sh', '-c', make], { stdio: 'pipe' });
    execFileSync('nsenter', ['--version'], { stdio: 'pipe' });
    return false;
  } catch (error) {
    const { stderr } = error as { readonly stderr?: Buffer };
    const why = stderr?.toString().trim().split('\n')[0] ?? String(error);
    return `network namespaces cannot be made here: ${why}`;
  }
}

const APART = ['--net', '--uts', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** A machine on the wire. */
export interface Host {
  readonly name: string;
  readonly address: string;
  /** Starts a program on it. @param as the user of the system who runs it; absent: root */
  spawn(command: readonly string[], options?: HostOptions): ChildProcess;
  /** Takes it off the wire: nobody hears of it again, nor that it has gone. */
  cutOff(): void;
  /** Ends it and everything on it, at once. */
  powerOff(): Promise<void>;
}

interface HostOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Machines on a wire of their own, the first of them with the address `10.0.0.1`. */
export async function hosts(names: readonly string[]): Promise<Host[]> {
  const machines = await Promise.all(names.map(boot));
  const [hub] = machines;
  if (!hub) return [];
  // Without an address of its own it would have one of its plugs', and change it when that one goes.
  within(hub, 'ip link add wire address 02:00:00:00:00:01 type bridge && ip link set wire up');
  within(hub, 'ip addr add 10.0.0.1/24 dev wire');
  return machines.map((machine, index) => {
    const address = `10.0.0.${String(index + 1)}`;
    const plug = `plug${String(index)}`;
    if (machine !== hub) {
      within(hub, `ip link add ${plug} type veth peer name eth0 netns ${String(machine.init)}`);
      within(hub, `ip link set ${plug} master wire up`);
      within(machine, `ip addr add ${address}/24 dev eth0 && ip link set eth0 up`);
    }
    return {
      name: machine.name,
      address,
      spawn: (command, options) => start(machine, command, options),
      cutOff: () => {
        within(hub, `ip link set ${plug} down`);
      },
      powerOff: () => powerOff(machine),
    };
  });
}

interface Machine {
  readonly name: string;
  readonly shell: ChildProcess;
  /** Its first process, as others see it: with it all others end. */
  readonly init: number;
}

async function boot(name: string): Promise<Machine> {
  // It reads what nobody writes: when this process ends, however it does, it ends too.
  const script = `hostname ${name} && ip link set lo up && echo up && exec cat`;
  const shell = spawn('unshare', [...APART, 'sh', '-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(shell.stdout, 'data');
  const pid = String(shell.pid);
  const init = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
  return { name, shell, init };
}

function within({ init }: Machine, script: string): void {
  execFileSync('nsenter', ['--net', '--target', String(init), 'sh', '-c', script]);
}

function start({ init }: Machine, command: readonly string[], options: HostOptions = {}) {
  const { as, cwd, env } = options;
  const enter = ['--net', '--uts', '--pid', '--mount', '--target', String(init)];
  const user = as ? ['--setuid', String(as.uid), '--setgid', String(as.gid)] : [];
  // To enter another mount namespace is to leave the working directory.
  const place = cwd === undefined ? [] : [`--wd=${cwd}`];
  return spawn('nsenter', [...enter, ...user, ...place, ...command], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function powerOff({ shell }: Machine): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const ended = once(shell, 'exit');
  shell.kill('SIGKILL');
  await ended;
}
