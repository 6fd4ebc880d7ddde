/** The evidence log as static files: checkpoint, tiles and entry bundles, readable by any tlog-tiles client; and the
 *  records of its anchors.
 *  @module */
import { isLogPath, parseAnchorPath, PRUNED_PATH, readAnchorFile, type DirectoryLog } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";
import type { FastifyInstance } from "fastify";

/** Serves the public files of the log and, of `anchors`, the records under `/log/`, as of the last interval: a receipt carries a checkpoint of its
 *  own, which strangers see at the interval's end. */
export function serveLog(server: FastifyInstance, log: DirectoryLog, anchors: string): void {
  const read = async (path: string): Promise<Buffer> => {
    const isAnchor = parseAnchorPath(path) !== null;
    const bytes = isAnchor ? await readAnchorFile(anchors, path) : await log.readPublished(path);
    if (bytes === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "log file", name: path });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  };
  server.get("/log/checkpoint", async (_request, reply) =>
    reply
      .type("text/plain; charset=utf-8")
      .header("cache-control", "no-cache")
      .send(await read("checkpoint")),
  );
  server.get<{ Params: { "*": string } }>("/log/*", async (request, reply) => {
    const path = request.params["*"];
    if (!isLogPath(path) && parseAnchorPath(path) === null) throw new SluiceError("ERR_ROUTE_UNKNOWN");
    return reply
      .type("application/octet-stream")
      .header(
        "cache-control",
        path.includes(".p/") || path.endsWith("/index") || path === PRUNED_PATH
          ? "no-cache"
          : "public, max-age=31536000, immutable",
      )
      .send(await read(path));
  });
}
