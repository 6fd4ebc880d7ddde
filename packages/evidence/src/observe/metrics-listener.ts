/** `GET /metrics` on a listener of its own, on loopback only: the public interface never tells who calls, or how often.
 *  @module */
import { createServer, type IncomingMessage } from "node:http";
import { SluiceError } from "@sluice/protocol";
import type { ServerMetrics } from "./server-metrics.ts";

const LOOPBACK = "127.0.0.1";
const TIMEOUT_MS = 10_000;
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A listener that answers scrapes. */
export interface MetricsListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `metrics` on `port` of loopback; 0 chooses a free one. @throws ERR_PORT_IN_USE */
export async function serveMetrics(metrics: ServerMetrics, port: number): Promise<MetricsListener> {
  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, (request, response) => {
    request.resume();
    if (!asksForMetrics(request)) {
      response.writeHead(404).end();
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { "content-type": CONTENT_TYPE, "cache-control": "no-store" }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause) =>
    reject(new SluiceError("ERR_PORT_IN_USE", { address: `${LOOPBACK}:${port}` }, { cause })),
  );
  server.listen(port, LOOPBACK, resolve);
  await promise;
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** A page in a browser reaches loopback under a name of its own: only the address itself is answered. */
function asksForMetrics({ method, url, headers }: IncomingMessage): boolean {
  const host = headers.host?.replace(/:\d+$/, "");
  return (method === "GET" || method === "HEAD") && url === "/metrics" && (host === LOOPBACK || host === "localhost");
}
