/** A way to a server that is slow, or stops carrying anything, when it is told to, as a network may. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'to the server' | 'to the client';

export interface StallingProxy {
  /** The given connection string, by way of the proxy. */
  readonly connectionString: string;
  /** From now on nothing is carried in this direction, on connections of now and later. */
  stall(direction: Direction): void;
  /** From now on who says these words hears no answer, until the answers are let go. */
  keepBack(words: string): { letGo(): void };
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** @param connectionString with host and port */
export async function stallingProxy(connectionString: string): Promise<StallingProxy> {
  const target = new URL(connectionString);
  const stalled = new Set<Direction>();
  const sockets = new Set<Socket>();
  let keptWords: string | undefined;
  /** What those hear later who said the words. */
  const kept = new Map<Socket, Buffer[]>();
  const carry = (from: Socket, to: Socket, direction: Direction) => {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (stalled.has(direction)) return;
      if (keptWords !== undefined && chunk.includes(keptWords))
        kept.set(from, kept.get(from) ?? []);
      const later = kept.get(to);
      if (later) later.push(chunk);
      else to.write(chunk);
    });
    from.on('end', () => {
      if (!stalled.has(direction)) to.end();
    });
    from.on('error', () => undefined);
    from.on('close', () => sockets.delete(from));
  };
  const proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({
      host: target.hostname,
      port: Number(target.port),
      allowHalfOpen: true,
    });
    carry(client, server, 'to the server');
    carry(server, client, 'to the client');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const here = new URL(connectionString);
  here.host = `127.0.0.1:${String(port)}`;
  return {
    connectionString: here.href,
    stall: (direction) => {
      stalled.add(direction);
    },
    keepBack: (words) => {
      keptWords = words;
      return {
        letGo: () => {
          keptWords = undefined;
          for (const [socket, chunks] of kept) socket.write(Buffer.concat(chunks));
          kept.clear();
        },
      };
    },
    close: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, 'close');
    },
  };
}
