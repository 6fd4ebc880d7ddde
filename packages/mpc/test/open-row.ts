/** Reads a row of a built index as whoever holds its OPRF key can, without the client: the oracle of builds.
 *  @module */
import { fromHex, utf8, type Bytes, type LookupParameters } from "@sluice/protocol";
import { createDecipheriv } from "node:crypto";
import { oprfInput } from "../src/lookup/context.ts";
import { deriveRecordSecrets } from "../src/lookup/derive.ts";
import { positionsOf } from "../src/lookup/positions.ts";
import { lookupContext } from "../src/lookup/server.ts";
import { deriveKeyPair, evaluateMany } from "../src/oprf/server.ts";
import { IDENTITY } from "./lookup-product.ts";

/** Of the indexes that tests build. */
export const BUILD_SEED = new Uint8Array(32).fill(5);
/** What their key is for. */
export const BUILD_INFO = utf8("credit-band/1");

/** What whoever holds the OPRF key reads for `key`: the sum of its three slots, opened. */
export async function openRow(
  { parameters, database }: { readonly parameters: LookupParameters; readonly database: Bytes },
  key: string,
  info = BUILD_INFO,
): Promise<Bytes | null> {
  const keyPair = await deriveKeyPair(BUILD_SEED, info);
  const [output = new Uint8Array()] = await evaluateMany(keyPair, [oprfInput(lookupContext(IDENTITY), key)]);
  return openOutput({ parameters, database }, output);
}

/** The payload that an OPRF output opens; null when none. */
export function openOutput(
  { parameters, database }: { readonly parameters: LookupParameters; readonly database: Bytes },
  output: Bytes,
): Bytes | null {
  const secrets = deriveRecordSecrets(output, fromHex(parameters.matrixSeed));
  const { bucket, rows } = positionsOf(secrets.position, fromHex(parameters.filterSeed), parameters);
  const sealed = new Uint8Array(parameters.recordBytes);
  for (const row of rows) {
    const at = (row * parameters.buckets + bucket) * parameters.recordBytes;
    for (let b = 0; b < sealed.length; b++) sealed[b] = (sealed[b] ?? 0) + (database[at + b] ?? 0);
  }
  const cipher = createDecipheriv("aes-256-gcm", secrets.key, secrets.nonce);
  cipher.setAuthTag(sealed.subarray(-16));
  const payload = cipher.update(sealed.subarray(0, -16));
  try {
    cipher.final();
    return new Uint8Array(payload);
  } catch {
    return null;
  }
}
