/** A TCP proxy that records every byte in both directions. It stands on a socket of a process under test; its target
 *  can change, so that a restarted process keeps its address.
 *  @module */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** One recorded connection. */
export interface Recording {
  /** Bytes that the process sent out. */
  readonly outward: Buffer;
  /** Bytes that it received. */
  readonly inward: Buffer;
}

/** A recording proxy on a free port of loopback. */
export class RecordingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #connections: { outward: Buffer[]; inward: Buffer[] }[] = [];
  /** Address of the process behind it, as `http://host:port`. */
  target: string;
  /** Told what a connection has asked when the process answers it: whether the answer is lost, with the connection. */
  loses: ((asked: Buffer) => boolean) | null = null;

  private constructor(target: string) {
    this.target = target;
    this.#server = createServer((socket) => this.#connect(socket));
  }

  /** Starts a proxy in front of `target`. */
  static async start(target: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything recorded so far, by connection. */
  recordings(): Recording[] {
    return this.#connections.map(({ outward, inward }) => ({
      outward: Buffer.concat(outward),
      inward: Buffer.concat(inward),
    }));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(client: Socket): void {
    const { hostname, port } = new URL(this.target);
    const upstream = connect(Number(port), hostname);
    const connection = { outward: [] as Buffer[], inward: [] as Buffer[] };
    this.#connections.push(connection);
    let asked: Buffer[] = [];
    client.on("data", (bytes) => {
      asked.push(bytes);
      connection.inward.push(bytes);
    });
    upstream.on("data", (bytes) => {
      connection.outward.push(bytes);
      const isLost = this.loses?.(Buffer.concat(asked)) ?? false;
      asked = [];
      if (isLost) client.destroy();
    });
    client.pipe(upstream);
    upstream.pipe(client);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** The bodies of the HTTP/1.1 messages in one direction of a connection: chunks joined, lengths honoured. What is not
 *  HTTP is one body. */
export function httpBodies(stream: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  let rest = stream;
  while (rest.length > 0) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return [...bodies, rest];
    const head = rest.subarray(0, end).toString("latin1").toLowerCase();
    rest = rest.subarray(end + 4);
    const length = /\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (/\ntransfer-encoding: *chunked/.test(head)) {
      const { body, after } = dechunk(rest);
      bodies.push(body);
      rest = after;
    } else if (length !== undefined) {
      bodies.push(rest.subarray(0, Number(length)));
      rest = rest.subarray(Number(length));
    }
  }
  return bodies;
}

function dechunk(bytes: Buffer): { body: Buffer; after: Buffer } {
  const parts: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.subarray(0, Math.max(0, line)).toString("latin1"), 16);
    if (line < 0 || !(size > 0)) return { body: Buffer.concat(parts), after: rest.subarray(Math.max(line + 4, 0)) };
    parts.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 2 + size + 2);
  }
}
