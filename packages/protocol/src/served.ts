/** Members that the snapshots of every product form have.
 *  @module */
import { z } from "zod";
import { Instant, Name, Sha256Hex } from "./identifiers.ts";
import { SealKeyId } from "./seal.ts";

/** What is served, under which grant and release, since when, and the key that queries are sealed to. */
export const servedMembers = {
  domain: Name,
  product: Name,
  version: z.int().min(1),
  grant: Sha256Hex,
  bundle: Sha256Hex,
  release: Sha256Hex,
  /** Key that queries are sealed to. */
  sealKey: SealKeyId,
  at: Instant,
};
