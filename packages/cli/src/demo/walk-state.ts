/** What a walk keeps, so that a later start on the same directory goes on from the served products.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReleasedModel, Policy, Product, Sha256Hex, SignedGrant } from "@sluice/protocol";
import { z } from "zod";
import { readKept } from "./kept-file.ts";

const Kept = z.strictObject({
  grant: z.strictObject({ hash: Sha256Hex, signed: SignedGrant, policy: Policy }),
  product: Product,
  model: ReleasedModel.optional(),
});
const WalkState = z.strictObject({ products: z.record(z.string(), Kept) });

/** A standing grant with the product that is served under it. */
export type KeptProduct = z.infer<typeof Kept>;
/** Served products by their names. */
export type WalkState = Readonly<Record<string, KeptProduct>>;

const FILE = "walk.json";

/** What was kept in `directory`; null before the first walk has built a product.
 *  @throws ERR_DIRECTORY_STATE when it was kept by another version */
export async function readWalkState(directory: string): Promise<WalkState | null> {
  const kept = await readKept(join(directory, FILE), WalkState, { directory, expected: "a city of this version" });
  return kept?.products ?? null;
}

/** Keeps the products. */
export async function writeWalkState(directory: string, products: WalkState): Promise<void> {
  await writeFile(join(directory, FILE), `${JSON.stringify({ products }, null, 2)}\n`);
}
