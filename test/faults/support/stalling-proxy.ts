/** A way to a server that stops carrying anything when it is told to, as a network may. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Direction = 'to the server' | 'to the client';

export interface StallingProxy {
  /** The given connection string, by way of the proxy. */
  readonly connectionString: string;
  /** From now on nothing is carried in this direction, on connections of now and later. */
  stall(direction: Direction): void;
  /** Breaks all connections. */
  close(): Promise<void>;
}

/** @param connectionString with host and port */
export async function stallingProxy(connectionString: string): Promise<StallingProxy> {
  const target = new URL(connectionString);
  const stalled = new Set<Direction>();
  const sockets = new Set<Socket>();
  const carry = (from: Socket, to: Socket, direction: Direction) => {
    sockets.add(from);
    from.on('data', (chunk) => {
      if (!stalled.has(direction)) to.write(chunk);
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
    close: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await once(proxy, 'close');
    },
  };
}
