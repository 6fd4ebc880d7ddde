/** Products: what a caller needs before it asks, and the calls themselves.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { HINT_FILE } from "@sluice/mpc/lookup/server";
import { BINARY_MEDIA_TYPE, decodeCall, encodeAnswer, SluiceError } from "@sluice/protocol";
import type { FastifyInstance } from "fastify";
import { indexDirectory } from "../serve/build.ts";
import { answerCall } from "../serve/calls.ts";
import type { DomainContext } from "../serve/context.ts";
import type { ServedProduct } from "../state/work.ts";
import { rawBody } from "./body.ts";

/** Routes of served products. */
export function productRoutes(server: FastifyInstance, context: DomainContext): void {
  server.get<{ Params: { product: string } }>(
    "/v1/products/:product/snapshot",
    async (request) => find(context, request.params.product).snapshot,
  );
  server.get<{ Params: { product: string; hash: string } }>(
    "/v1/products/:product/snapshots/:hash/hint",
    async (request, reply) => {
      const product = find(context, request.params.product);
      if (product.snapshotHash !== request.params.hash) throw new SluiceError("ERR_SNAPSHOT");
      const hint = await readFile(join(indexDirectory(context, product.index), HINT_FILE));
      return reply.type(BINARY_MEDIA_TYPE).header("cache-control", "public, max-age=31536000, immutable").send(hint);
    },
  );
  server.post("/v1/calls", async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) gone.abort();
    });
    const answer = await answerCall(context, decodeCall(rawBody(request)), gone.signal);
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeAnswer(answer)));
  });
}

function find(context: DomainContext, name: string): ServedProduct {
  const product = context.work.latestProduct(name);
  if (product === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "product", name });
  return product;
}
