/** Servers of sessions on loopback, and a proxy that cuts connections after a number of bytes, for tests.
 *  @module */
import { createServer, type Server } from "node:http";
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from "node:net";
import { isSluiceError, MAX_SESSION_PACKET_BYTES, SluiceError, type Bytes } from "@sluice/protocol";
import { WebSocketServer } from "ws";
import type { SessionHost } from "../src/session/session-host.ts";
import { webSocketWire } from "../src/session/web-socket-wire.ts";

/** Something that listens. */
export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listening(server: Server | TcpServer, end: () => void): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        end();
      }),
  };
}

/** A server that answers packets of `host` at any path, and carries its sessions over WebSocket; `onError` hears why a connection ended. */
export async function serveSessions(
  host: SessionHost,
  onError: (error: unknown) => void = () => {},
): Promise<Listening> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      host.answer(new Uint8Array(Buffer.concat(chunks)), gone.signal).then(
        (answer) => response.end(answer),
        (error: unknown) => {
          response.statusCode = isSluiceError(error) ? error.status : 500;
          response.end(isSluiceError(error) ? error.code : "");
        },
      );
    });
  });
  const sockets = new WebSocketServer({ server, maxPayload: MAX_SESSION_PACKET_BYTES });
  sockets.on("connection", (socket) => {
    host.attach(webSocketWire(socket)).catch(onError);
  });
  return await listening(server, () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    server.closeAllConnections();
  });
}

/** Forwards connections to `port`; each is cut when `cutAfter` bytes of both ways have passed, while that gives numbers. */
export async function cuttingProxy(port: number, cutAfter: () => number | undefined): Promise<Listening> {
  const open = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(port, "127.0.0.1");
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    let leftBytes = cutAfter() ?? Infinity;
    const pass = (from: Socket, to: Socket): void => {
      open.add(from);
      from.on("error", cut);
      from.on("close", () => {
        open.delete(from);
        cut();
      });
      from.on("data", (chunk) => {
        to.write(chunk.subarray(0, Math.max(0, leftBytes)));
        leftBytes -= chunk.length;
        if (leftBytes <= 0) cut();
      });
    };
    pass(near, far);
    pass(far, near);
  });
  return await listening(server, () => {
    for (const socket of open) socket.destroy();
  });
}

/** Posts packets with `fetch`, again when a connection is cut. */
export function posting(url: string, tries = 20): (packet: Bytes, signal: AbortSignal | undefined) => Promise<Bytes> {
  return async (packet, signal) => {
    for (let left = tries; ; left--) {
      try {
        const response = await fetch(url, {
          method: "POST",
          body: new Uint8Array(packet),
          headers: { connection: "close" },
          ...(signal === undefined ? {} : { signal }),
        });
        const body = new Uint8Array(await response.arrayBuffer());
        if (response.ok) return body;
        throw new SluiceError(Buffer.from(body).toString() as "ERR_SESSION_ENDED", {
          reason: "the peer says so",
          number: 0,
          expected: 0,
        });
      } catch (error) {
        if (isSluiceError(error) || left === 0 || signal?.aborted === true) throw error;
      }
    }
  };
}
