/** What a walk keeps, so that a later start on the same directory goes on from the served products.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReleasedModel, Policy, Product, Sha256Hex, SignedGrant, SluiceError } from "@sluice/protocol";
import { z } from "zod";

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
  let text: string;
  try {
    text = await readFile(join(directory, FILE), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const kept = WalkState.safeParse(JSON.parse(text));
  if (kept.success) return kept.data.products;
  const command = "sluice demo --data NEW-DIRECTORY";
  throw new SluiceError("ERR_DIRECTORY_STATE", { directory, expected: "a city of this version", command });
}

/** Keeps the products. */
export async function writeWalkState(directory: string, products: WalkState): Promise<void> {
  await writeFile(join(directory, FILE), `${JSON.stringify({ products }, null, 2)}\n`);
}
