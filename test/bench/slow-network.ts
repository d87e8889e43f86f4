/** A network with a longer way: a TCP proxy on loopback that holds back every chunk, each way. */
import { once } from 'node:events';
import net from 'node:net';

interface Held {
  readonly to: net.Socket;
  /** Undefined for the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly due: number;
}

export class SlowNetwork {
  /** How long a chunk is held on its way, in milliseconds. */
  delayMillis = 0;
  readonly url: string;
  readonly #server: net.Server;
  readonly #held: Held[] = [];
  #pumping = false;

  private constructor(server: net.Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async to(target: string): Promise<SlowNetwork> {
    const { hostname, port } = new URL(target);
    const server = net.createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = `127.0.0.1:${String((server.address() as net.AddressInfo).port)}`;
    const network = new SlowNetwork(server, Object.assign(new URL(target), { host: at }).href);
    server.on('connection', (near) => {
      const far = net.connect({
        host: hostname,
        port: Number(port),
        noDelay: true,
        allowHalfOpen: true,
      });
      network.#carry(near, far);
      network.#carry(far, near);
    });
    return network;
  }

  close(): void {
    this.#server.close();
  }

  #carry(from: net.Socket, to: net.Socket): void {
    from.on('data', (chunk: Buffer) => {
      this.#hold(to, chunk);
    });
    from.on('end', () => {
      this.#hold(to, undefined);
    });
    from.on('error', () => to.destroy());
  }

  #hold(to: net.Socket, chunk: Buffer | undefined): void {
    this.#held.push({ to, chunk, due: performance.now() + this.delayMillis });
    if (!this.#pumping) this.#pump();
  }

  /** By `setImmediate`, for timers are no finer than a millisecond. */
  #pump(): void {
    for (let next = this.#held[0]; next && next.due <= performance.now(); next = this.#held[0]) {
      this.#held.shift();
      if (next.chunk) next.to.write(next.chunk);
      else next.to.end();
    }
    this.#pumping = this.#held.length > 0;
    if (this.#pumping)
      setImmediate(() => {
        this.#pump();
      });
  }
}
