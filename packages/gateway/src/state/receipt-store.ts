/** Receipts and metering rows. They are written in groups, by the one committer of `work/receipt-book.ts`.
 *  @module */
import {
  formOfOperation,
  LogProof,
  ReceiptOpenings,
  SignedBooking,
  SignedReceipt,
  SignedRequest,
  SluiceError,
  type EvidencedReceipt,
  type ReceiptQuery,
} from "@sluice/protocol";
import { sql, type Kysely, type Selectable, type Transaction } from "kysely";
import type { ReceiptTable, Tables } from "./tables.ts";

/** A stored receipt; `gatewayLog` is null until this gateway's log holds it. */
export interface HeldReceipt {
  readonly receipt: SignedReceipt;
  readonly openings: ReceiptOpenings;
  readonly domainLog: LogProof;
  readonly booking: SignedBooking;
  readonly gatewayLog: LogProof | null;
  readonly request: SignedRequest | null;
  /** Salt of the commitment in this gateway's log, hexadecimal. */
  readonly salt: string;
}

/** A receipt to store. */
export interface FreshReceipt {
  readonly evidenced: Pick<EvidencedReceipt, "receipt" | "openings" | "domainLog">;
  readonly booking: SignedBooking;
  readonly request: SignedRequest | null;
  readonly salt: string;
}

/** The receipt of that call; null when there is none. */
export async function findReceipt(db: Kysely<Tables>, callId: string): Promise<HeldReceipt | null> {
  const row = await db.selectFrom("receipt").selectAll().where("call_id", "=", callId).executeTakeFirst();
  return row === undefined ? null : parse(row);
}

/** Logged receipts of the period [from, to), by instant and call, at most `limit`, after the cursor of a page. */
export async function receiptsBetween(
  db: Kysely<Tables>,
  { from, to, after }: ReceiptQuery,
  limit: number,
): Promise<HeldReceipt[]> {
  const [at, callId] = after?.split("_") ?? [from, ""];
  const rows = await db
    .selectFrom("usage_record")
    .innerJoin("receipt", "receipt.call_id", "usage_record.call_id")
    .selectAll("receipt")
    .where("receipt.log_index", "is not", null)
    .where("usage_record.at", ">=", from)
    .where("usage_record.at", "<", to)
    .where(sql<boolean>`(usage_record.at, usage_record.call_id) > (${at ?? from}, ${callId ?? ""})`)
    .orderBy("usage_record.at")
    .orderBy("usage_record.call_id")
    .limit(limit)
    .execute();
  return rows.map(parse);
}

/** Stores receipts with their metering rows, unless their call has one. Returns what is stored, in order. */
export async function putReceipts(
  transaction: Transaction<Tables>,
  fresh: readonly FreshReceipt[],
): Promise<HeldReceipt[]> {
  const callIds = fresh.map((item) => item.evidenced.receipt.body.callId);
  const rows = await transaction.selectFrom("receipt").selectAll().where("call_id", "in", callIds).execute();
  const held = new Map(rows.map((row) => [row.call_id, row]));
  const added: FreshReceipt[] = [];
  for (const item of fresh) {
    const { callId } = item.evidenced.receipt.body;
    if (held.has(callId)) continue;
    held.set(callId, receiptRow(item));
    added.push(item);
  }
  if (added.length > 0) {
    await transaction.insertInto("receipt").values(added.map(receiptRow)).execute();
    await transaction.insertInto("usage_record").values(added.map(usageRow)).execute();
  }
  return callIds.map((callId) => {
    const row = held.get(callId);
    if (row === undefined) throw new RangeError("a stored receipt is missing from its own transaction");
    return parse(row);
  });
}

/** Notes where this gateway's log holds receipts. */
export async function putProofs(
  transaction: Transaction<Tables>,
  proofs: readonly { readonly callId: string; readonly proof: LogProof }[],
): Promise<void> {
  const values = proofs.map(
    ({ callId, proof }) => sql`(${callId}::text, ${proof.index}::bigint, ${JSON.stringify(proof)}::text)`,
  );
  await sql`update receipt set log_index = noted.log_index, log_proof = noted.log_proof
    from (values ${sql.join(values)}) as noted (call_id, log_index, log_proof)
    where receipt.call_id = noted.call_id`.execute(transaction);
}

/** Receipts that this gateway's log may not hold yet, at most `limit`. */
export async function unloggedReceipts(db: Kysely<Tables>, limit: number): Promise<HeldReceipt[]> {
  const rows = await db.selectFrom("receipt").selectAll().where("log_index", "is", null).limit(limit).execute();
  return rows.map(parse);
}

/** Highest position in this gateway's log that a receipt was noted at; -1 when there is none. */
export async function highestLogIndex(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom("receipt")
    .select((select) => select.fn.max("log_index").as("highest"))
    .executeTakeFirst();
  return row?.highest === undefined || row.highest === null ? -1 : Number(row.highest);
}

function receiptRow({ evidenced, booking, request, salt }: FreshReceipt): Selectable<ReceiptTable> {
  const { body } = evidenced.receipt;
  return {
    call_id: body.callId,
    key_id: evidenced.openings.party?.value ?? null,
    grant_hash: body.grant,
    receipt: JSON.stringify(evidenced.receipt),
    openings: JSON.stringify(evidenced.openings),
    domain_log: JSON.stringify(evidenced.domainLog),
    booking: JSON.stringify(booking),
    request: request === null ? null : JSON.stringify(request),
    salt,
    log_index: null,
    log_proof: null,
  };
}

function usageRow({ evidenced }: FreshReceipt): Tables["usage_record"] {
  const { body } = evidenced.receipt;
  return {
    call_id: body.callId,
    grant_hash: body.grant,
    product: body.product,
    version: body.version,
    form: formOfOperation(body.operation),
    operation: body.operation,
    unit: body.quantity.unit,
    amount: body.quantity.amount,
    key_id: evidenced.openings.party?.value ?? null,
    at: body.at,
  };
}

/** @throws ERR_DIRECTORY_STATE for a receipt of a gateway that made no bookings yet */
function parse(row: Selectable<ReceiptTable>): HeldReceipt {
  if (row.booking === "") {
    const facts = { directory: "the state", expected: "a booking of each receipt: it is of a version before 1.0" };
    throw new SluiceError("ERR_DIRECTORY_STATE", { ...facts, command: "sluice gateway init NEW-DIR" });
  }
  return {
    receipt: SignedReceipt.parse(JSON.parse(row.receipt)),
    openings: ReceiptOpenings.parse(JSON.parse(row.openings)),
    domainLog: LogProof.parse(JSON.parse(row.domain_log)),
    booking: SignedBooking.parse(JSON.parse(row.booking)),
    gatewayLog: row.log_proof === null ? null : LogProof.parse(JSON.parse(row.log_proof)),
    request: row.request === null ? null : SignedRequest.parse(JSON.parse(row.request)),
    salt: row.salt,
  };
}
