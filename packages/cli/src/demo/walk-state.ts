/** What a walk keeps, so that a later start on the same directory goes on from the served product.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LinearModel, Policy, Product, Sha256Hex, SignedGrant } from "@sluice/protocol";
import { z } from "zod";
import type { StandingGrant } from "./govern.ts";

const Kept = z.strictObject({
  grant: z.strictObject({ hash: Sha256Hex, signed: SignedGrant, policy: Policy }),
  product: Product,
  model: LinearModel,
});

/** A standing grant with the product that is served under it. */
export interface KeptProduct {
  readonly grant: StandingGrant;
  readonly product: Product;
  readonly model: LinearModel;
}

const FILE = "walk.json";

/** What was kept in `directory`, or null before the first walk has built its product. */
export async function readWalkState(directory: string): Promise<KeptProduct | null> {
  try {
    return Kept.parse(JSON.parse(await readFile(join(directory, FILE), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Keeps the product. */
export async function writeWalkState(directory: string, { grant, product, model }: KeptProduct): Promise<void> {
  await writeFile(join(directory, FILE), `${JSON.stringify({ grant, product, model }, null, 2)}\n`);
}
