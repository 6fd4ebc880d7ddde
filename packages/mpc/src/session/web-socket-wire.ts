/** Sessions over WebSocket (RFC 6455): one packet in each binary message. The global `WebSocket` of browsers and of Node on one
 *  side; on the other a server's socket with the same interface, which limits a message to MAX_SESSION_PACKET_BYTES before it
 *  keeps it.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { Wire } from "./wire.ts";

/** What is used of a WebSocket. */
export interface SocketLike {
  binaryType: string;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

/** The wire over a socket that is open, taken before any message has come. */
export function webSocketWire(socket: SocketLike): Wire {
  let listener: Parameters<Wire["listen"]>[0] | null = null;
  const early: Bytes[] = [];
  let over = false;
  const end = (): void => {
    over = true;
    listener?.end();
  };
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    // Text is no packet, and neither are no bytes.
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
    if (listener === null) early.push(bytes);
    else listener.packet(bytes);
  });
  socket.addEventListener("close", end);
  socket.addEventListener("error", end);
  return {
    send(bytes) {
      if (!over) socket.send(new Uint8Array(bytes));
    },
    listen(next) {
      listener = next;
      for (const bytes of early.splice(0)) next.packet(bytes);
      if (over) next.end();
    },
    close: () => socket.close(),
  };
}

/** Opens a connection to `url` with the global `WebSocket`. @throws ERR_UNREACHABLE naming the host, ERR_CANCELLED */
export async function openWebSocket(url: URL, signal: AbortSignal): Promise<Wire> {
  const socket = new WebSocket(url);
  const open = Promise.withResolvers<Wire>();
  const refuse = (): void => open.reject(new SluiceError("ERR_UNREACHABLE", { peer: url.host }));
  const onAbort = (): void => open.reject(new SluiceError("ERR_CANCELLED"));
  socket.addEventListener("open", () => open.resolve(webSocketWire(socket)), { once: true });
  socket.addEventListener("error", refuse, { once: true });
  socket.addEventListener("close", refuse, { once: true });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await open.promise;
  } catch (error) {
    socket.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
