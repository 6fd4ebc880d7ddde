/** Servers that a command starts and a person ends.
 *  @module */
import type { Arguments, CommandIo, OptionSpec } from "./command.ts";

/** Where a server listens. */
export const LISTEN_OPTIONS = {
  port: { value: "N", description: "port to listen on (default 0: a free one)" },
  host: { value: "ADDRESS", description: "address to listen on (default 127.0.0.1)" },
  "metrics-port": { value: "N", description: "serve metrics on this port of 127.0.0.1; 0: a free one (default: none)" },
} as const satisfies Record<string, OptionSpec>;

/** The address that the options name. @throws ERR_USAGE */
export function listenAddress(args: Arguments): { host: string; port: number; metricsPort?: number } {
  const metricsPort = args.integer("metrics-port", 0, 65_535);
  return {
    host: args.text("host") ?? "127.0.0.1",
    port: args.integer("port", 0, 65_535) ?? 0,
    ...(metricsPort === undefined ? {} : { metricsPort }),
  };
}

/** Something that listens. */
export interface Serving {
  readonly url: string;
  readonly metricsPort?: number | undefined;
  close(): Promise<void>;
}

/** Says where `server` listens, and waits for an interrupt; then closes it. */
export async function serveUntilInterrupted(
  server: Serving,
  what: string,
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const { url, metricsPort } = server;
  const scraped = metricsPort === undefined ? "" : `, metrics at http://127.0.0.1:${metricsPort}/metrics`;
  const line = json ? JSON.stringify({ listening: what, url, metricsPort }) : `${what} listens at ${url}${scraped}`;
  io.stdout.write(`${line}\n`);
  try {
    await interrupted(io.signal);
  } finally {
    await server.close();
  }
  if (!json) io.stdout.write(`${what} has stopped\n`);
  return 0;
}

async function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
