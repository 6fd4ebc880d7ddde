/** Logs behind real HTTP servers.
 *  @module */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { openLog, type DirectoryLog, type KeyPair, type SigningKey } from "@sluice/evidence";
import { systemClock } from "@sluice/client";
import { onTestFinished } from "vitest";

/** Name of the log in these tests. */
export const ORIGIN = "log.example/city";

/** The entry of that number. */
export function entryOf(index: number): Uint8Array {
  return new Uint8Array(createHash("sha256").update(`entry ${index}`).digest());
}

/** A log in `directory` with entries [0, common) and then `more` from 1000 on. */
export async function logOf(
  directory: string,
  key: KeyPair,
  common: number,
  more = 0,
  sm2Key?: SigningKey,
): Promise<DirectoryLog> {
  const log = await openLog(directory, { origin: ORIGIN, key, sm2Key, clock: systemClock, publishIntervalMs: 0 });
  const numbers = [...Array(common).keys(), ...[...Array(more).keys()].map((i) => 1_000 + i)];
  await Promise.all(numbers.map((number) => log.append(entryOf(number))));
  await log.publish();
  onTestFinished(() => log.close());
  return log;
}

/** An address whose files `read` gives, and which can be changed. */
export class LogServer {
  read: (path: string) => Promise<Uint8Array | null> = () => Promise.resolve(null);
  url = "";
  close: () => Promise<void> = () => Promise.resolve();

  static async start(): Promise<LogServer> {
    const served = new LogServer();
    const server = createServer((request, response) => {
      served.read((request.url ?? "").replace("/log/", "")).then(
        (bytes) => (bytes === null ? response.writeHead(404).end() : response.end(bytes)),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("the server has no port");
    served.url = `http://127.0.0.1:${address.port}/log`;
    let closed: Promise<void> | undefined;
    served.close = () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }));
    onTestFinished(served.close);
    return served;
  }

  /** Serves what strangers see of `log`. */
  show(log: DirectoryLog): void {
    this.read = (path) => log.readPublished(path);
  }
}
