/** The two ways in which rows reach a job: a checked sample, and every row under the same view.
 *  @module */
import { checkPolicy, viewSql } from "@sluice/desensitize";
import { SluiceError } from "@sluice/protocol";
import type { Bytes, Clock, ColumnBatch, Policy, Random, ResourceDescription, Sha256Hex } from "@sluice/protocol";
import { readBatch } from "./batch.ts";
import type { StoredResource } from "./catalogue.ts";
import { CertifiedSample } from "./certified-sample.ts";
import { guarded, quoteIdentifier, refuseAborted, type Session } from "./engine.ts";
import { inspectSampleFrom, type SampleRequest } from "./inspect-sample.ts";
import type { JoinColumns } from "./join-entries.ts";
import { type KeyColumn, KeyColumnBuilder } from "./key-column.ts";
import type { KnownReports } from "./known-reports.ts";
import { unfitKeys } from "./unfit-keys.ts";
import { refuseFailures } from "./transform-failures.ts";
import { bindBytes, countRows, openView, ROW_NUMBER } from "./view.ts";

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
  /** Columns by which callers join the rows, typed: then rows without a key are left out, where they are refused otherwise. */
  readonly join?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** Every row of a table as a job sees it; key i is that of row i and stays in the store process. A key may have
 *  many rows. */
export interface KeyedTable {
  readonly keys: KeyColumn;
  /** Snapshot of the resource that was read. */
  readonly snapshot: Sha256Hex;
  readonly table: ColumnBatch;
  /** Of a request with `join`. */
  readonly joined?: JoinColumns;
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
  const { session, entry } = open;
  const { policy, key, fields, tokenKey, signal } = request;
  const { description } = entry;
  checkPolicy(policy, description, key);
  for (const field of new Set([key, ...(request.join ?? [])])) checkKeyColumn(description, field);
  const { table, rowsWithoutKey } = await openKeyed(open, request);
  await refuseFailures(open, request, table);
  const keys = await readKeys(session, table, key, signal);
  const view = viewSql(policy, description, { table, rowId: ROW_NUMBER, subject: key, fields, tokenKey });
  const batch = await readBatch(await session.stream(view.sql, bindBytes(view.parameters)), view.columns, signal);
  if (batch.rowCount !== keys.length) throw changedTable();
  const columns = await readJoined(session, { table, fields: request.join ?? [] }, signal);
  if ([...columns.values()].some(({ length }) => length !== keys.length)) throw changedTable();
  const joined = request.join === undefined ? {} : { joined: { columns, rowsWithoutKey } };
  return { keys, snapshot: description.snapshot, table: batch, ...joined };
}

function checkKeyColumn({ fields }: ResourceDescription, key: string): void {
  const field = fields.find(({ name }) => name === key);
  if (field === undefined || field.excluded !== undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: key });
  if (field.type === "decimal" || field.type === "boolean") {
    throw new SluiceError("ERR_LOOKUP_TABLE", { reason: `key ${key} is of type ${field.type}` });
  }
}

/** The view, without rows that have no key where that is no fault. */
async function openKeyed(
  { session, entry: { description }, path }: OpenTable,
  { key, join, consent }: ViewRequest,
): Promise<{ table: string; rowsWithoutKey: number }> {
  const table = await openView(session, description, { path, consent });
  if (join === undefined) return { table, rowsWithoutKey: 0 };
  const all = await countRows(session, table);
  await openView(session, description, { path, consent, needed: key });
  return { table, rowsWithoutKey: all - (await countRows(session, table)) };
}

function changedTable(): SluiceError {
  return new SluiceError("ERR_STORE", { reason: "the table changed while it was read" });
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

/** Each of `fields` as texts by row, in one pass; an empty text for a null. */
async function readJoined(
  session: Session,
  { table, fields }: { readonly table: string; readonly fields: readonly string[] },
  signal: AbortSignal | undefined,
): Promise<Map<string, KeyColumn>> {
  const builders = fields.map((field) => [field, new KeyColumnBuilder()] as const);
  if (fields.length === 0) return new Map();
  const selected = fields.map((field) => `CAST(${quoteIdentifier(field)} AS VARCHAR)`).join(", ");
  const sql = `SELECT ${selected} FROM ${quoteIdentifier(table)} ORDER BY ${quoteIdentifier(ROW_NUMBER)}`;
  const result = await session.stream(sql);
  for (;;) {
    refuseAborted(signal);
    const chunk = await guarded(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    for (const [i, [, builder]] of builders.entries()) {
      for (const value of chunk.getColumnValues(i)) builder.add(typeof value === "string" ? value : "");
    }
  }
  return new Map(builders.map(([field, builder]) => [field, builder.finish()]));
}
