/** What the keeper of a server and its users say to each other: a line of JSON for each message. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Run } from '../run.ts';
import type { ServerAddress } from './postmaster.ts';

/** What a keeper says to the process that started it, once. */
export type Announcement =
  | { readonly is: 'listening' }
  /** Another keeper has this generation; this one goes away. */
  | { readonly is: 'taken' }
  | { readonly is: 'failed'; readonly reason: string };

/** What a user says when it comes. */
export interface Hello {
  readonly is: 'here';
  /** While it goes on, more users may come. */
  readonly run: Run;
  /** How long the server is to stay after its last user, in milliseconds. */
  readonly graceMillis: number;
}

/** What the keeper answers, when the server is up or cannot be. */
export type Answer =
  | { readonly is: 'ready'; readonly address: ServerAddress }
  | { readonly is: 'failed'; readonly reason: string };

/** What the keeper says to its users when the server crashed, or ended while they needed it. */
export interface Notice {
  readonly is: 'told';
  readonly what: string;
}

type Message = Announcement | Hello | Answer | Notice;

export function encode(message: Message): string {
  return `${JSON.stringify(message)}\n`;
}

/** Calls with every message on a stream. */
export function onMessages(stream: Readable, listener: (message: Message) => void): void {
  let begun = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (begun + chunk).split('\n');
    begun = lines.pop() ?? '';
    for (const line of lines) listener(JSON.parse(line) as Message);
  });
}

/** The first message on a stream, or nothing when it ends before. */
export function firstMessage(stream: Readable): Promise<Message | undefined> {
  return new Promise((resolve) => {
    onMessages(stream, resolve);
    stream.once('close', () => {
      resolve(undefined);
    });
  });
}

/** A connection to whoever listens there, or nothing when nobody does. */
export async function connectTo(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  // A keeper that dies takes its server along; whoever queries next learns it from the driver.
  socket.on('error', () => undefined);
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  return connected ? socket : undefined;
}
