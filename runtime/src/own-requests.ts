/**
 * Requests that this process sends to itself: a server works for the test that asks it, whichever
 * test started it. Told by the two ends of the connection, for nothing is put into the request.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ambientOwner, workFor, type Owner } from './ambient-test.ts';

/** Who sent the latest request over a connection, by its ports. */
const senders = new Map<string, Owner>();
/** Who made a request of undici's, which may be sent much later. */
const makers = new WeakMap<object, Owner>();
const followed = new WeakSet<Socket>();

// Published by the undici of Node's own `fetch`, too.
subscribe('undici:request:create', (message) => {
  const { request } = message as { readonly request: object };
  const owner = ambientOwner();
  if (owner) makers.set(request, owner);
});
subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as { readonly request: object; readonly socket: Socket };
  sent(socket, makers.get(request));
});
subscribe('http.client.request.start', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  const owner = ambientOwner();
  const note = (socket: Socket) => {
    if (socket.connecting) socket.once('connect', () => sent(socket, owner));
    else sent(socket, owner);
  };
  if (request.socket) note(request.socket);
  else request.once('socket', note);
});
subscribe('http.server.request.start', (message) => {
  const { socket } = (message as { readonly request: IncomingMessage }).request;
  const owner = senders.get(connection(socket.remotePort, socket.localPort));
  if (owner) workFor(owner);
});

function sent(socket: Socket, owner: Owner | undefined): void {
  const key = connection(socket.localPort, socket.remotePort);
  if (owner) senders.set(key, owner);
  else senders.delete(key);
  if (followed.has(socket)) return;
  followed.add(socket);
  socket.once('close', () => senders.delete(key));
}

function connection(clientPort: number | undefined, serverPort: number | undefined): string {
  return `${String(clientPort)}>${String(serverPort)}`;
}
