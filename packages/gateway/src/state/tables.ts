/** Tables of the control plane, as kysely sees them. Documents are kept as the JSON text that was signed or
 *  received; instants as RFC 3339 text, which sorts; amounts as exact numerics, which arrive as text.
 *  @module */
import type { ColumnType } from "kysely";

/** int8: BigInt from every driver. */
type BigIntColumn = ColumnType<bigint, bigint | number, bigint | number>;

/** Latest agency-signed statement about each party. */
export interface PartyTable {
  party: string;
  key_id: string;
  role: string;
  status: string;
  at: string;
  statement: string;
}

/** Registered domains with what they said of themselves. */
export interface DomainTable {
  domain: string;
  url: string;
  description: string;
  registered_at: string;
}

/** Party statements that a domain has not confirmed yet. */
export interface PartyDeliveryTable {
  domain: string;
  party: string;
  at: string;
  statement: string;
}

/** Scenes with their signed grants. */
export interface SceneTable {
  scene: string;
  state: string;
  proposal: string;
  /** Hash of the draft's canonical JSON; the signed grant must have the same. */
  draft_hash: string;
  proposed_by: string;
  proposed_at: string;
  /** Signed grant, once delivered; its hash is `draft_hash`. */
  signed_grant: string | null;
}

/** Reviews of scenes and of development runs, in order. */
export interface ReviewTable {
  subject_kind: "scene" | "run";
  subject: string;
  position: number;
  party: string;
  role: string;
  person: string;
  verdict: string;
  note: string;
  /** JSON of the points by section; null when none were given. */
  scores: string | null;
  at: string;
}

/** Development and build runs that the gateway passed on. */
export interface RunTable {
  call_id: string;
  operation: string;
  domain: string;
  grant_hash: string;
  product: string;
  version: number;
  bundle: string;
  /** Key of who ordered it, and the signed order; null once they were erased. */
  key_id: string | null;
  request: string | null;
  /** The run as it ended; null until then. */
  document: string | null;
  submitted_at: string;
}

/** Registered products, one row per version. */
export interface ProductTable {
  product: string;
  version: number;
  form: string;
  domain: string;
  scene: string;
  grant_hash: string;
  bundle: string;
  release_hash: string;
  registration_code: string;
  status: string;
  developer: string;
  signed_release: string;
  registered_at: string;
}

/** Last number given out in a year's registration codes. */
export interface RegistrationCounterTable {
  year: number;
  last_number: number;
}

/** Receipts with their position in both logs. */
export interface ReceiptTable {
  call_id: string;
  /** Key of who asked; null once it was erased. */
  key_id: string | null;
  grant_hash: string;
  receipt: string;
  /** What opens the receipt's commitments, as far as it was not erased. */
  openings: string;
  domain_log: string;
  /** This gateway's signed word that it booked the receipt. */
  booking: string;
  /** The signed request whose hash the receipt names; null when another attempt's request reached the domain, or once
   *  it was erased. */
  request: string | null;
  salt: string;
  log_index: BigIntColumn | null;
  log_proof: string | null;
}

/** Metering: one row per call (UsageRecord). */
export interface UsageRecordTable {
  call_id: string;
  grant_hash: string;
  product: string;
  version: number;
  form: string | null;
  operation: string;
  unit: string;
  amount: string;
  /** Key of who asked; null once it was erased. */
  key_id: string | null;
  at: string;
}

/** Nonces of signed management requests, until they expire. */
export interface HttpNonceTable {
  key_id: string;
  nonce: string;
  expires_at: string;
}

/** Aggregations over several domains. */
export interface AggregateTable {
  aggregate: string;
  /** The signed agreement. */
  agreement: string;
  state: string;
  /** Number of the round whose messages are waited for. */
  round: number;
  /** JSON of the domains that were lost. */
  lost: string;
  /** Code of the error that ended it; null while none did. */
  reason: string | null;
  at: string;
}

/** Messages of aggregations that run. */
export interface AggregateMessageTable {
  aggregate: string;
  round: number;
  party: number;
  /** Unpadded base64url. */
  message: string;
}

/** The whole schema. */
export interface Tables {
  party: PartyTable;
  domain: DomainTable;
  party_delivery: PartyDeliveryTable;
  scene: SceneTable;
  review: ReviewTable;
  run: RunTable;
  product: ProductTable;
  registration_counter: RegistrationCounterTable;
  receipt: ReceiptTable;
  usage_record: UsageRecordTable;
  http_nonce: HttpNonceTable;
  aggregate: AggregateTable;
  aggregate_message: AggregateMessageTable;
}
