/** The two ways in which rows reach a job: a checked sample, and every row under the same view.
 *  @module */
import { checkPolicy, viewSql } from "@sluice/desensitize";
import { SluiceError } from "@sluice/protocol";
import type { Bytes, Clock, ColumnBatch, Policy, Random, Sha256Hex } from "@sluice/protocol";
import { readBatch } from "./batch.ts";
import type { StoredResource } from "./catalogue.ts";
import { CertifiedSample } from "./certified-sample.ts";
import { guarded, quoteIdentifier, refuseAborted, type Session } from "./engine.ts";
import { inspectSampleFrom, type SampleRequest } from "./inspect-sample.ts";
import { type KeyColumn, KeyColumnBuilder } from "./key-column.ts";
import type { KnownReports } from "./known-reports.ts";
import { unfitKeys } from "./unfit-keys.ts";
import { refuseFailures } from "./transform-failures.ts";
import { bindBytes, openView, ROW_NUMBER } from "./view.ts";

/** Bytes of the salt that hides a sampling seed in its commitment. */
const COMMITMENT_SALT_BYTES = 32;

/** What a job may see of a resource. */
export interface ViewRequest {
  readonly resource: string;
  readonly policy: Policy;
  /** Column by which callers ask. Jobs never see it. */
  readonly key: string;
  /** Columns the job reads, all shown by the policy. */
  readonly fields: readonly string[];
  /** Key of this scene's tokens, 16 to 64 bytes. */
  readonly tokenKey: Bytes;
  /** Boolean column: rows where it is not true are left out. */
  readonly consent?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Every row of a table as a job sees it; key i is that of row i and stays in the store process. A key may have
 *  many rows. */
export interface KeyedTable {
  readonly keys: KeyColumn;
  /** Snapshot of the resource that was read. */
  readonly snapshot: Sha256Hex;
  readonly table: ColumnBatch;
}

/** An open table with what is needed to read it. */
export interface OpenTable {
  readonly session: Session;
  readonly entry: StoredResource;
  readonly path: string;
}

/** The sample of `request.policy`, when it passes every rule.
 *  @throws ERR_POLICY, ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_SAMPLE_K, ERR_SAMPLE_GATE, ERR_CANCELLED, EngineFault */
export async function drawSampleFrom(
  table: OpenTable,
  request: SampleRequest,
  { clock, random, known }: { readonly clock: Clock; readonly random: Random; readonly known: KnownReports },
): Promise<CertifiedSample> {
  const inspected = await inspectSampleFrom(table, request, known);
  return CertifiedSample.certify(inspected, {
    policy: request.policy,
    key: request.key,
    fields: request.fields,
    report: inspected.report,
    seed: request.seed,
    salt: random.bytes(COMMITMENT_SALT_BYTES),
    at: clock.now(),
  });
}

/** Reads every row in the order of the table, with its key.
 *  @throws ERR_POLICY, ERR_POLICY_COLUMN, ERR_LOOKUP_TABLE, ERR_CANCELLED, EngineFault */
export async function readAllFrom(open: OpenTable, request: ViewRequest): Promise<KeyedTable> {
  const { session, entry, path } = open;
  const { policy, key, fields, tokenKey, signal } = request;
  const { description } = entry;
  checkPolicy(policy, description, key);
  const keyField = description.fields.find((field) => field.name === key);
  if (keyField?.type === "decimal" || keyField?.type === "boolean") {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: `key ${key} is of type ${keyField.type}` });
  }
  const table = await openView(session, description, { path, consent: request.consent });
  await refuseFailures(open, request, table);
  const keys = await readKeys(session, table, key, signal);
  const view = viewSql(policy, description, { table, rowId: ROW_NUMBER, subject: key, fields, tokenKey });
  const batch = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  if (batch.rowCount !== keys.length)
    throw new SluiceError("ERR_STORE", { reason: "the table changed while it was read" });
  return { keys, snapshot: description.snapshot, table: batch };
}

async function readKeys(
  session: Session,
  table: string,
  key: string,
  signal: AbortSignal | undefined,
): Promise<KeyColumn> {
  const sql = `SELECT CAST(${quoteIdentifier(key)} AS VARCHAR) FROM ${quoteIdentifier(table)} ORDER BY ${quoteIdentifier(ROW_NUMBER)}`;
  const result = await session.stream(sql);
  const keys = new KeyColumnBuilder();
  for (;;) {
    refuseAborted(signal);
    const chunk = await guarded(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return keys.finish();
    for (const value of chunk.getColumnValues(0)) {
      if (typeof value !== "string" || value === "") throw unfitKeys(key);
      keys.add(value);
    }
  }
}
