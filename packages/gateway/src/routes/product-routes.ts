/** Products: the register, and what a caller fetches before it asks. Snapshots and their parts pass through unchanged; the
 *  domain's signature is in the snapshot, and the snapshot names the hash of each part. No secret is in them, but each
 *  costs a domain an answer of up to megabytes: registered parties fetch them, whoever they are, and change nothing here.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  formOfSnapshot,
  MAX_SNAPSHOT_PART_BYTES,
  Name,
  Product,
  ProductList,
  Sha256Hex,
  SignedSnapshot,
  SluiceError,
  SnapshotPart,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { SharedParts } from "../domains/shared-parts.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import type { ZodServer } from "../http/zod-server.ts";

/** Parts of snapshots that are kept between downloads. */
const MAX_KEPT_PART_BYTES = 2 * MAX_SNAPSHOT_PART_BYTES;

/** Routes of products. */
export function productRoutes(server: ZodServer, context: GatewayContext): void {
  const { products, domains, link } = context;
  const params = z.strictObject({ product: Name });
  const parts = new SharedParts(MAX_KEPT_PART_BYTES);

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
      config: { signed: true },
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
      if (products.get(product, body.version).form !== formOfSnapshot(body)) throw new SluiceError("ERR_SNAPSHOT");
      return snapshot;
    },
  );
  server.get(
    "/v1/products/:product/snapshots/:hash/:part",
    {
      config: { signed: true },
      schema: {
        summary: "A part of one snapshot that callers download: the hints of a lookup, the filters of psi-ids",
        params: params.extend({ hash: Sha256Hex, part: SnapshotPart }),
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const { product, hash, part } = request.params;
      const { domain } = products.latest(product);
      const path = `/v1/products/${product}/snapshots/${hash}/${part}`;
      const { buffer, byteOffset, byteLength } = await parts.get(`${domain} ${path}`, () =>
        link.bytes(domains.get(domain), { method: "GET", path, maxAnswerBytes: MAX_SNAPSHOT_PART_BYTES }),
      );
      return reply
        .type(BINARY_MEDIA_TYPE)
        .header("cache-control", "private, max-age=31536000, immutable")
        .send(Buffer.from(buffer, byteOffset, byteLength));
    },
  );
}
