/** The evidence log as static files: checkpoint, tiles and entry bundles, readable by any tlog-tiles client.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DirectoryLog } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";
import type { FastifyInstance } from "fastify";

/** Paths of C2SP tlog-tiles; nothing else under the directory is served. */
const TILE_PATH = /^tile\/(?:\d{1,2}|entries)\/(?:x\d{3}\/)*\d{3}(?:\.p\/\d{1,3})?$/;

/** Serves the log in `directory` under `/log/`. A checkpoint covers every receipt that was given out before it. */
export function serveLog(server: FastifyInstance, log: DirectoryLog, directory: string): void {
  const send = async (path: string): Promise<Buffer> => {
    try {
      return await readFile(join(directory, path));
    } catch (cause) {
      throw new SluiceError("ERR_NOT_FOUND", { kind: "log file", name: path }, { cause });
    }
  };
  server.get("/log/checkpoint", async (_request, reply) => {
    await log.publish();
    return reply
      .type("text/plain; charset=utf-8")
      .header("cache-control", "no-cache")
      .send(await send("checkpoint"));
  });
  server.get<{ Params: { "*": string } }>("/log/*", async (request, reply) => {
    const path = request.params["*"];
    if (!TILE_PATH.test(path)) throw new SluiceError("ERR_ROUTE_UNKNOWN");
    return reply
      .type("application/octet-stream")
      .header("cache-control", path.includes(".p/") ? "no-cache" : "public, max-age=31536000, immutable")
      .send(await send(path));
  });
}
