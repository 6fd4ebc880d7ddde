/** Messages of data sets (数据集): the rows of a certified sample, for a number of days. The caller learns the sample, the same
 *  for everybody; the domain learns that this caller begins its term, and which pages it reads.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { ColumnType } from "./columns.ts";
import { SluiceError } from "./errors.ts";
import { FieldName, Instant, Name, Sha256Hex } from "./identifiers.ts";
import { Certificate } from "./policy.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Version of the frames of data sets. */
export const DATASET_VERSION = 1;
/** Longest term of one caller. */
export const MAX_DATASET_DAYS = 3_660;
/** Rows of one page at most. */
export const MAX_DATASET_PAGE_ROWS = 4_096;
/** Pages of one data set at most. */
export const MAX_DATASET_PAGES = 4_096;
/** Bytes of one page at most. */
export const MAX_DATASET_PAGE_BYTES = 8 * 1_048_576;

/** Columns of a data set at most. */
export const MAX_DATASET_FIELDS = 64;

/** Times that a caller may read each page in its term, on average. */
export const MAX_DATASET_READS = 32;

const MAX_ROWS = 1_000_000;
const DAY_MS = 86_400_000;

/** A data set as a job declares it. The domain takes it from the sample of the grant's policy; no user code runs. */
export const DatasetSpec = z.strictObject({
  kind: z.literal("dataset"),
  /** Input columns that it shows. */
  fields: z
    .array(FieldName)
    .min(1)
    .max(MAX_DATASET_FIELDS)
    .refine((fields) => new Set(fields).size === fields.length, "each field once"),
  /** Days for which a caller may read it. */
  days: z.int().min(1).max(MAX_DATASET_DAYS),
});
export type DatasetSpec = z.infer<typeof DatasetSpec>;

/** The snapshot a data set product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const DatasetSnapshot = z.strictObject({
  type: z.literal("dataset-snapshot"),
  ...servedMembers,
  /** Hash of the source table that the sample is of. */
  source: Sha256Hex,
  fields: z
    .array(z.strictObject({ name: FieldName, type: ColumnType }))
    .min(1)
    .max(MAX_DATASET_FIELDS),
  rows: z.int().min(1).max(MAX_ROWS),
  days: z.int().min(1).max(MAX_DATASET_DAYS),
  /** Rows of every page but the last. */
  pageRows: z.int().min(1).max(MAX_DATASET_PAGE_ROWS),
  /** Hash of the canonical JSON of each page. */
  pages: z.array(Sha256Hex).min(1).max(MAX_DATASET_PAGES),
  /** What was measured on the sample. */
  certificate: Certificate,
});
export type DatasetSnapshot = z.infer<typeof DatasetSnapshot>;
export const SignedDatasetSnapshot = signedSchema(DatasetSnapshot);
export type SignedDatasetSnapshot = z.infer<typeof SignedDatasetSnapshot>;

/** Answer to the request that begins a term, canonical JSON. */
export const DatasetTerm = z.strictObject({
  type: z.literal("dataset-term"),
  domain: Name,
  product: Name,
  version: z.int().min(1),
  from: Instant,
  /** From this instant on nothing is read. */
  until: Instant,
});
export type DatasetTerm = z.infer<typeof DatasetTerm>;

/** A value; null where there is none. */
export const DatasetValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type DatasetValue = z.infer<typeof DatasetValue>;

/** Some rows, column by column in the order of the snapshot's fields. Its canonical JSON is the answer. */
export const DatasetPage = z.strictObject({
  type: z.literal("dataset-page"),
  page: z.int().min(0).max(MAX_DATASET_PAGES),
  columns: z.array(z.array(DatasetValue).min(1).max(MAX_DATASET_PAGE_ROWS)).min(1).max(MAX_DATASET_FIELDS),
});
export type DatasetPage = z.infer<typeof DatasetPage>;

/** What a caller's term spends: rows × fields × days. A page spends nothing. */
export function datasetQuantity({ rows, fields, days }: Pick<DatasetSnapshot, "rows" | "fields" | "days">): number {
  return rows * fields.length * days;
}

/** The instant at which a term ends that begins at `from`: `days` times 24 hours later. */
export function datasetTermEnd(from: Date, days: number): Date {
  return new Date(from.getTime() + days * DAY_MS);
}

/** Rows of page `page`. */
export function datasetPageRows({ rows, pageRows }: Pick<DatasetSnapshot, "rows" | "pageRows">, page: number): number {
  return Math.min(pageRows, rows - page * pageRows);
}

/** Begins the caller's term of a snapshot, or asks for a page of it. */
export type DatasetRequest = { snapshot: Bytes } & ({ ask: "term" } | { ask: "page"; page: number });

const ASK_TERM = 1;
const ASK_PAGE = 2;

// struct { uint16 version; opaque snapshot[32]; uint8 ask; uint32 page; } DatasetRequest;
/** Bytes of a request. */
export function encodeDatasetRequest(request: DatasetRequest): Bytes {
  const page = request.ask === "page" ? request.page : 0;
  return new ByteWriter()
    .uint(DATASET_VERSION, 2)
    .fixed(request.snapshot)
    .uint(request.ask === "page" ? ASK_PAGE : ASK_TERM, 1)
    .uint(page, 4)
    .finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeDatasetRequest(bytes: Bytes): DatasetRequest {
  const reader = new ByteReader(bytes);
  if (reader.uint(2) !== DATASET_VERSION) throw malformed("version", String(DATASET_VERSION));
  const snapshot = reader.fixed(32);
  const ask = reader.uint(1);
  const page = reader.uint(4);
  reader.end();
  if (ask === ASK_PAGE) return { snapshot, ask: "page", page };
  if (ask !== ASK_TERM) throw malformed("ask", `${ASK_TERM} or ${ASK_PAGE}`);
  if (page !== 0) throw malformed("page", "0");
  return { snapshot, ask: "term" };
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
