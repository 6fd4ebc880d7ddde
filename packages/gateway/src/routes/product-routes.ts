/** Products: the register, and what a caller fetches before it asks. Snapshot and hint pass through unchanged; the
 *  domain's signature is in the snapshot, and the snapshot names the hash of the hint.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  Name,
  Product,
  ProductList,
  Sha256Hex,
  SignedSnapshot,
  SluiceError,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import type { ZodServer } from "../http/zod-server.ts";

/** Largest hint that passes through. */
export const MAX_HINT_BYTES = 64 * 1_048_576;

/** Routes of products. */
export function productRoutes(server: ZodServer, context: GatewayContext): void {
  const { products, domains, link } = context;
  const params = z.strictObject({ product: Name });

  server.get(
    "/v1/products",
    { schema: { summary: "Registered products", response: { 200: ProductList, ...PROBLEM_RESPONSES } } },
    () => ({ products: products.all() }),
  );
  server.get(
    "/v1/products/:product",
    {
      schema: {
        summary: "The product's version that serves, or its latest",
        params,
        response: { 200: Product, ...PROBLEM_RESPONSES },
      },
    },
    (request) => products.latest(request.params.product),
  );
  server.get(
    "/v1/products/:product/snapshot",
    {
      schema: {
        summary: "The signed snapshot that the product serves",
        params,
        response: { 200: SignedSnapshot, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { product } = request.params;
      const { domain } = products.latest(product);
      const snapshot = await link.json(
        domains.get(domain),
        { method: "GET", path: `/v1/products/${product}/snapshot` },
        SignedSnapshot,
      );
      const { body } = snapshot;
      if (body.product !== product || body.domain !== domain) throw new SluiceError("ERR_SNAPSHOT");
      await products.markServing(product, body.version);
      return snapshot;
    },
  );
  server.get(
    "/v1/products/:product/snapshots/:hash/hint",
    {
      schema: {
        summary: "The hint of one snapshot",
        params: params.extend({ hash: Sha256Hex }),
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { product, hash } = request.params;
      const { domain } = products.latest(product);
      const hint = await link.bytes(domains.get(domain), {
        method: "GET",
        path: `/v1/products/${product}/snapshots/${hash}/hint`,
        maxAnswerBytes: MAX_HINT_BYTES,
      });
      return reply
        .type(BINARY_MEDIA_TYPE)
        .header("cache-control", "public, max-age=31536000, immutable")
        .send(Buffer.from(hint));
    },
  );
}
