/** Vectors of data sets: a term that begins, the pages of a small sample, and the snapshot that pins them.
 *  @module */
import type { KeyPair } from "@sluice/evidence";
import { signDocument } from "@sluice/evidence/sign";
import {
  canonicalBytes,
  datasetTermEnd,
  documentHash,
  encodeDatasetRequest,
  fromHex,
  sha256Hex,
  toHex,
  utf8,
  type DatasetPage,
  type DatasetSnapshot,
  type DatasetTerm,
} from "@sluice/protocol";
import type { ServedIdentity } from "./wire-seeded.ts";

const PAGES: DatasetPage[] = [
  {
    type: "dataset-page",
    page: 0,
    columns: [
      ["东城", null],
      [60, 35.5],
      [true, false],
    ],
  },
  { type: "dataset-page", page: 1, columns: [["=1+1"], [null], [null]] },
];

/** One product: its term begun, and every page read. */
export async function makeDatasetVectors(served: ServedIdentity, receiptKey: KeyPair) {
  const source = await sha256Hex(utf8("source"));
  const pages = PAGES.map(canonicalBytes);
  const days = 30;
  const snapshot: DatasetSnapshot = {
    type: "dataset-snapshot",
    ...served,
    product: "people",
    source,
    fields: [
      { name: "district", type: "dict" },
      { name: "age", type: "f64" },
      { name: "insured", type: "bool" },
    ],
    rows: 3,
    days,
    pageRows: 2,
    pages: await Promise.all(pages.map(sha256Hex)),
    certificate: {
      policy: await sha256Hex(utf8("policy")),
      resource: "persons",
      sourceSnapshot: source,
      sourceRowsRounded: 1_000,
      sampleRows: 3,
      suppressedRows: 0,
      quasiIdentifiers: ["district", "age"],
      k: 5,
      seedCommitment: await sha256Hex(utf8("seed")),
      at: served.at,
      level: 3,
      overallRisk: 0.04,
    },
  };
  const snapshotHash = await documentHash(snapshot);
  const term: DatasetTerm = {
    type: "dataset-term",
    domain: served.domain,
    product: snapshot.product,
    version: served.version,
    from: served.at,
    until: datasetTermEnd(new Date(served.at), days).toISOString(),
  };
  const named = { snapshot: fromHex(snapshotHash) };
  return {
    snapshot: await signDocument(snapshot, receiptKey),
    snapshotHash,
    termRequest: toHex(encodeDatasetRequest({ ...named, ask: "term" })),
    termAnswer: toHex(canonicalBytes(term)),
    quantity: "270",
    pages: pages.map((bytes, page) => ({
      request: toHex(encodeDatasetRequest({ ...named, ask: "page", page })),
      answer: toHex(bytes),
    })),
  };
}
