/** The gateway's log as static files (C2SP tlog-tiles): checkpoint, tiles and entry bundles, and nothing else that
 *  lies beside them.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BINARY_MEDIA_TYPE, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { FILES } from "../configuration.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import type { ZodServer } from "../http/zod-server.ts";

/** `tile/<level|entries>/<index>[.p/<width>]`. */
const TILE_PATH = /^tile\/(?:\d{1,2}|entries)\/(?:x\d{3}\/){0,6}\d{3}(?:\.p\/\d{1,3})?$/;

/** `GET /log/checkpoint` and `GET /log/tile/…`. */
export function logRoutes(server: ZodServer, context: GatewayContext): void {
  const read = async (path: string): Promise<Buffer> => {
    try {
      return await readFile(join(context.directory, FILES.log, path));
    } catch (cause) {
      throw new SluiceError("ERR_NOT_FOUND", { kind: "log file", name: path }, { cause });
    }
  };
  server.get(
    "/log/checkpoint",
    {
      schema: {
        summary: "Latest signed checkpoint",
        produces: ["text/plain"],
        response: { 200: BinaryBody, ...PROBLEM_RESPONSES },
      },
    },
    async (_request, reply) => {
      // Files are published at intervals: whoever asks now sees every receipt that was given out before.
      const { text } = await context.log.publish();
      return reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").send(Buffer.from(text));
    },
  );
  server.get(
    "/log/*",
    {
      schema: {
        summary: "Tiles and entry bundles",
        params: z.strictObject({ "*": z.string().max(128) }),
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const path = request.params["*"];
      if (!TILE_PATH.test(path)) throw new SluiceError("ERR_ROUTE_UNKNOWN");
      const caching = path.includes(".p/") ? "no-cache" : "public, max-age=31536000, immutable";
      return reply
        .type(BINARY_MEDIA_TYPE)
        .header("cache-control", caching)
        .send(await read(path));
    },
  );
}
