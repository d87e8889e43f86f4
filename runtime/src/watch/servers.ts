/** Servers of this process that listen: on which port, and whether they are left open. */
import { errorMonitor, type EventEmitter } from 'node:events';
import { Server } from 'node:net';
import { report } from '../lifetimes/judge.ts';
import type { Ledger } from '../lifetimes/ledger.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { captureTrace, isOwnCall, type Trace } from '../trace.ts';
import { ambient, type Ambient } from './node-test.ts';
import { before } from './wrap.ts';

interface Listening extends Ambient {
  readonly server: Server;
  readonly at: Trace;
}

/** Records every server as a fixture, and reports ports asked for by number. */
export function watchServers(ledger: Ledger): void {
  const onPort = new Map<number, Listening>();
  const unreferenced = new WeakSet<object>();
  before(Server.prototype, 'unref', function (this: unknown) {
    unreferenced.add(this as Server);
  });
  before(Server.prototype, 'ref', function (this: unknown) {
    unreferenced.delete(this as Server);
  });

  before(Server.prototype, 'listen', function (this: unknown, args) {
    if (isOwnCall()) return;
    const server = this as Server;
    const here: Listening = { ...ambient(), server, at: captureTrace() };
    ledger.acquire({
      kind: 'server',
      resource: server,
      owner: here.scope,
      acquired: here.at,
      isHeld: () => server.listening && !unreferenced.has(server),
    });
    const port = portOf(args[0]);
    if (!port) return;
    report('no-fixed-port', here.scope, { values: { port }, used: here.at });
    const holder = onPort.get(port);
    // A monitor, because a listener for the error itself would keep it from being thrown.
    (server as EventEmitter).once(errorMonitor, (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && holder?.server.listening) {
        reportTaken(port, here, holder);
      }
    });
    server.once('listening', () => onPort.set(port, here));
  });
}

function reportTaken(port: number, asking: Listening, holder: Listening): void {
  report('no-fixed-port', asking.scope, {
    happened: `${sayScope(asking.scope)} asked for port ${String(port)}, on which a server of ${sayScope(holder.scope)} already listens.`,
    acquired: holder.at,
    used: asking.at,
  });
}

/** The port of `listen(port, …)` or `listen({ port })`; nothing for a path, a handle or port 0. */
function portOf(argument: unknown): number | undefined {
  const port =
    typeof argument === 'object' ? (argument as { port?: unknown } | null)?.port : argument;
  const isNumber = typeof port === 'number' || (typeof port === 'string' && /^\d+$/.test(port));
  return isNumber && Number(port) > 0 ? Number(port) : undefined;
}
