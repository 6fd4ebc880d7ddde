/** The gateway's log as static files (C2SP tlog-tiles): checkpoint, tiles and entry bundles, and the records of its
 *  anchors; nothing else that lies beside them.
 *  @module */
import { join } from "node:path";
import { isLogPath, parseAnchorPath, PRUNED_PATH, readAnchorFile } from "@sluice/evidence";
import { BINARY_MEDIA_TYPE, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { FILES } from "../configuration.ts";
import type { GatewayContext } from "../context.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import type { ZodServer } from "../http/zod-server.ts";

/** `GET /log/checkpoint`, `GET /log/tile/…` and `GET /log/anchors/…`. */
export function logRoutes(server: ZodServer, context: GatewayContext): void {
  const read = async (path: string): Promise<Buffer> => {
    const isAnchor = parseAnchorPath(path) !== null;
    const anchors = join(context.directory, FILES.anchors);
    const bytes = isAnchor ? await readAnchorFile(anchors, path) : await context.log.readPublished(path);
    if (bytes === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "log file", name: path });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  };
  server.get(
    "/log/checkpoint",
    {
      schema: {
        summary: "Latest published checkpoint",
        produces: ["text/plain"],
        response: { 200: BinaryBody, ...PROBLEM_RESPONSES },
      },
    },
    // Of the last interval: a receipt carries a checkpoint of its own, which strangers see at the interval's end.
    async (_request, reply) =>
      reply
        .type("text/plain; charset=utf-8")
        .header("cache-control", "no-cache")
        .send(await read("checkpoint")),
  );
  server.get(
    "/log/*",
    {
      schema: {
        summary: "Tiles and entry bundles, and records of anchors",
        params: z.strictObject({ "*": z.string().max(128) }),
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const path = request.params["*"];
      if (!isLogPath(path) && parseAnchorPath(path) === null) throw new SluiceError("ERR_ROUTE_UNKNOWN");
      const caching =
        path.includes(".p/") || path.endsWith("/index") || path === PRUNED_PATH
          ? "no-cache"
          : "public, max-age=31536000, immutable";
      return reply
        .type(BINARY_MEDIA_TYPE)
        .header("cache-control", caching)
        .send(await read(path));
    },
  );
}
