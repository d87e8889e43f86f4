/** What the keeper of a server and its users say to each other: one line of JSON each way. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ServerAddress } from './postmaster.ts';

/** What a keeper says to the process that started it, once. */
export type Announcement =
  | { readonly is: 'listening' }
  /** Another keeper has this generation; this one goes away. */
  | { readonly is: 'taken' }
  | { readonly is: 'failed'; readonly reason: string };

/** What a user says when it comes. */
export interface Hello {
  /** The process that stands for the user's run; while it lives, more users may come. */
  readonly run: number;
}

/** What the keeper answers, when the server is up or cannot be. */
export type Answer =
  | { readonly is: 'ready'; readonly address: ServerAddress }
  | { readonly is: 'failed'; readonly reason: string };

export function encode(message: Announcement | Hello | Answer): string {
  return `${JSON.stringify(message)}\n`;
}

/** The next message on a stream, or nothing when it ends before. */
export function nextMessage<T>(stream: Readable): Promise<T | undefined> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.endsWith('\n')) resolve(JSON.parse(text) as T);
    });
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
