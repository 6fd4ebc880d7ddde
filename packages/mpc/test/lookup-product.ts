/** A small product with its index, as domain and client hold it, and one whole lookup over frames.
 *  @module */
import {
  decodeEvaluateRequest,
  decodePirQuery,
  documentHash,
  encodeEvaluateResponse,
  encodePirAnswer,
  sha256Hex,
  toHex,
  utf8,
  type Bytes,
  type LookupSnapshot,
  type Random,
} from "@sluice/protocol";
import type { LookupClient } from "../src/lookup/client.ts";
import { buildIndex, LookupDatabase, lookupContext } from "../src/lookup/server.ts";
import { blindEvaluate, deriveKeyPair, type OprfKeyPair } from "../src/oprf/server.ts";

const HASH = "ab".repeat(32);
export const IDENTITY = { domain: "hrss", product: "credit-band", version: 1, grant: HASH, epoch: 1 };

export interface Product {
  readonly keyPair: OprfKeyPair;
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: string;
  readonly hint: Bytes;
  readonly database: LookupDatabase;
}

export async function buildProduct(table: ReadonlyMap<string, Bytes>, random?: Random): Promise<Product> {
  const keyPair = await deriveKeyPair(new Uint8Array(32).fill(3), utf8("credit-band/1"));
  const context = lookupContext(IDENTITY);
  const source = { keys: [...table.keys()], records: [...table.values()], keyPair, context };
  const { parameters, hint, database } = await buildIndex(random === undefined ? source : { ...source, random });
  const snapshot: LookupSnapshot = {
    type: "lookup-snapshot",
    ...IDENTITY,
    bundle: HASH,
    release: HASH,
    parameters,
    oprfPublicKey: toHex(keyPair.publicKey),
    sealKey: `x25519:${"A".repeat(43)}`,
    hint: await sha256Hex(hint),
    hintBytes: hint.length,
    vocabulary: ["A", "B"],
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  return { keyPair, snapshot, snapshotHash, hint, database: LookupDatabase.open(parameters, database) };
}

/** What a domain answers to an EvaluateRequest. */
export async function evaluateFrame(product: Product, frame: Bytes): Promise<Bytes> {
  return encodeEvaluateResponse(await blindEvaluate(product.keyPair, decodeEvaluateRequest(frame).elements));
}

/** What a domain answers to a PirQuery. */
export function answerFrame(product: Product, frame: Bytes): Bytes {
  return encodePirAnswer(product.database.answer(decodePirQuery(frame).query));
}

/** One lookup, with the frames that an observer saw. */
export async function lookUp(
  product: Product,
  client: LookupClient,
  key: string,
  random?: Random,
): Promise<{ record: Bytes | null; frames: Bytes[] }> {
  const evaluation = client.start(key, random);
  const response = await evaluateFrame(product, evaluation.frame);
  const query = await evaluation.evaluated(response);
  const answer = answerFrame(product, query.frame);
  return { record: await query.finish(answer), frames: [evaluation.frame, response, query.frame, answer] };
}
