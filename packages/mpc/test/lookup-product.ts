/** A small product with its index, as domain and client hold it, and one whole lookup over frames.
 *  @module */
import {
  decodeEvaluateRequest,
  decodePirQuery,
  documentHash,
  encodeDeletedRecord,
  encodeEvaluateResponse,
  encodeLookupRecord,
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
  readonly hints: readonly Bytes[];
  readonly databases: readonly LookupDatabase[];
}

/** The key pair of every product of these tests. */
export function productKey(): Promise<OprfKeyPair> {
  return deriveKeyPair(new Uint8Array(32).fill(3), utf8("credit-band/1"));
}

export async function buildProduct(table: ReadonlyMap<string, Bytes>, random?: Random): Promise<Product> {
  const keyPair = await productKey();
  const { built, shown } = await buildTable(keyPair, [...table.keys()], [...table.values()].map(encodeLookupRecord), {
    random,
  });
  const snapshot: LookupSnapshot = {
    type: "lookup-snapshot",
    ...IDENTITY,
    bundle: HASH,
    release: HASH,
    ...shown,
    oprfPublicKey: toHex(keyPair.publicKey),
    sealKey: `x25519:${"A".repeat(43)}`,
    vocabulary: ["A", "B"],
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  const databases = [LookupDatabase.open(built.parameters, built.database)];
  return { keyPair, snapshot, snapshotHash, hints: [built.hint], databases };
}

/** The product with a delta table over its base: null deletes a key. */
export async function updateProduct(
  { keyPair, snapshot: base, hints: [hint], databases: [database] }: Product,
  changes: ReadonlyMap<string, Bytes | null>,
  shownRows = 256,
): Promise<Product> {
  if (hint === undefined || database === undefined) throw new RangeError("a product has a base");
  const valueBytes = database.parameters.recordBytes - 17;
  const records = [...changes.values()].map((value) =>
    value === null ? encodeDeletedRecord(valueBytes) : encodeLookupRecord(value),
  );
  const { built, shown } = await buildTable(keyPair, [...changes.keys()], records, { shownRows });
  const snapshot = { ...base, delta: shown };
  return {
    keyPair,
    snapshot,
    snapshotHash: await documentHash(snapshot),
    hints: [hint, built.hint],
    databases: [database, LookupDatabase.open(built.parameters, built.database)],
  };
}

async function buildTable(
  keyPair: OprfKeyPair,
  keys: readonly string[],
  records: readonly Bytes[],
  options: { readonly random?: Random | undefined; readonly shownRows?: number },
) {
  const { random, ...shownRows } = options;
  const source = { keys, records, keyPair, context: lookupContext(IDENTITY), ...shownRows };
  const built = await buildIndex(random === undefined ? source : { ...source, random });
  const { parameters, hint } = built;
  return { built, shown: { parameters, hint: await sha256Hex(hint), hintBytes: hint.length } };
}

/** What a domain answers to an EvaluateRequest. */
export async function evaluateFrame(product: Product, frame: Bytes): Promise<Bytes> {
  return encodeEvaluateResponse(await blindEvaluate(product.keyPair, decodeEvaluateRequest(frame).elements));
}

/** What a domain answers to a PirQuery. */
export function answerFrame(product: Product, frame: Bytes): Bytes {
  const { parts } = decodePirQuery(frame);
  return encodePirAnswer(product.databases.map((database, i) => database.answer(parts[i] ?? new Uint32Array())));
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
