/** Reading the files of a log from a web server.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { readBoundedBody } from "./bounded-body.ts";
import type { ReadLogFile } from "./log-files.ts";

/** How long one file may take. */
const DEFAULT_FILE_TIMEOUT_MS = 10_000;
/** Longest file of a log that is read: entries of a full tile are below 9 KiB here, elsewhere up to this. */
const MAX_FILE_BYTES = 1 << 24;

/** How files are fetched. */
export type LogOverHttpOptions = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
};

/** Reads the log whose checkpoint is at `<url>/checkpoint`. The reader throws ERR_UNREACHABLE when the server gives
 *  neither a file nor 404, and the signal's reason when aborted. */
export function logOverHttp(url: string, options: LogOverHttpOptions): ReadLogFile {
  const { fetch: send, signal, timeoutMs = DEFAULT_FILE_TIMEOUT_MS } = options;
  const base = url.replace(/\/+$/, "");
  return async (path) => {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(`${base}/${path}`, {
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        headers: { "cache-control": "no-cache" },
      });
      if (response.ok) return await readBoundedBody(response, MAX_FILE_BYTES);
      await response.body?.cancel();
      if (response.status === 404 || response.status === 410) return null;
    } catch (cause) {
      signal?.throwIfAborted();
      throw new SluiceError("ERR_UNREACHABLE", { peer: base }, { cause });
    }
    throw new SluiceError("ERR_UNREACHABLE", { peer: base });
  };
}
