/** The one catalogue of errors. A code is stable; its message names a declared fact — a grant, a
 *  field, a limit — and never a value of data. `docs/errors.md` is generated from this table.
 *  @module */
import { AGGREGATE_ERRORS } from "./errors-aggregate.ts";
import { PSI_ERRORS } from "./errors-psi.ts";
import { SELECTION_ERRORS } from "./errors-selection.ts";
import { SETTLEMENT_ERRORS } from "./errors-settlement.ts";
import { WORK_ERRORS } from "./errors-work.ts";

/** What stands behind one code. `{name}` in a template is replaced by the detail of that name. */
export interface CatalogueEntry {
  /** HTTP status of the problem document. */
  readonly status: number;
  readonly message: string;
  /** The smallest change that would pass. */
  readonly remedy: string;
}

/** Every code that any process of Sluice answers, throws or prints. */
export const ERROR_CATALOGUE = {
  // Messages and formats
  ERR_FRAME_MALFORMED: {
    status: 400,
    message: "a binary message is malformed at {field}: expected {expected}",
    remedy: "send a message of the documented struct",
  },
  ERR_FRAME_TOO_LARGE: {
    status: 413,
    message: "a message has {sizeBytes} bytes; at most {maxBytes} are allowed",
    remedy: "send a smaller message",
  },
  ERR_BODY_INVALID: {
    status: 400,
    message: "the body does not fit its schema at {pointer}: {expected}",
    remedy: "correct the named member",
  },
  ERR_ROUTE_UNKNOWN: {
    status: 404,
    message: "there is nothing at this address",
    remedy: "see the OpenAPI document under /openapi.json",
  },
  ERR_NOT_FOUND: { status: 404, message: "no {kind} named {name}", remedy: "list the {kind}s that exist" },
  ERR_CONFLICT: {
    status: 409,
    message: "{kind} {name} exists with other content",
    remedy: "use another name, or send the same content",
  },
  ERR_STATE: {
    status: 409,
    message: "{kind} {name} is {state}; this needs {needed}",
    remedy: "bring it to {needed} first",
  },
  ERR_INTERNAL: {
    status: 500,
    message: "an unexpected fault; the reference is {reference}",
    remedy: "give the reference to the operator of this process",
  },

  // Signatures and identity
  ERR_NOT_ADMITTED: { status: 403, message: "the request is not admitted", remedy: "use a key that the grant names" },
  ERR_HTTP_SIGNATURE: {
    status: 401,
    message: "the HTTP signature is not valid: {reason}",
    remedy: "sign the request with the registered key (RFC 9421)",
  },
  ERR_SIGNATURE: {
    status: 403,
    message: "a signature on the {type} is not valid or missing: {signer}",
    remedy: "have {signer} sign exactly these bytes",
  },
  ERR_REQUEST_EXPIRED: {
    status: 403,
    message: "the request is outside its validity window",
    remedy: "sign a new request; check the clock",
  },
  ERR_REPLAY: { status: 409, message: "this nonce was used before", remedy: "sign a new request with a fresh nonce" },
  ERR_SEAL: {
    status: 400,
    message: "the body does not open under the domain's seal key",
    remedy: "fetch the current snapshot and seal the query to its key, bound to this call",
  },
  ERR_BODY_DIGEST: {
    status: 403,
    message: "the body is not the one that was signed",
    remedy: "send the signed bytes unchanged",
  },
  ERR_PARTY_UNKNOWN: {
    status: 403,
    message: "no party is registered with this key",
    remedy: "register the party first",
  },
  ERR_PARTY_SUSPENDED: {
    status: 403,
    message: "party {party} is suspended",
    remedy: "have the agency lift the suspension",
  },
  ERR_ROLE: { status: 403, message: "role {role} may not {action}", remedy: "have a party with role {needed} do it" },
  ERR_REVIEW_SAME_PERSON: {
    status: 409,
    message: "{person} has already reviewed this {kind}",
    remedy: "have another person review it",
  },

  // Grants and uses
  ERR_GRANT_UNKNOWN: {
    status: 403,
    message: "the domain holds no grant {grant}",
    remedy: "have the department sign and deliver the grant",
  },
  ERR_GRANT_OPERATION: {
    status: 403,
    message: "the grant does not allow {operation}",
    remedy: "ask for a grant with operation {operation}",
  },
  ERR_GRANT_FIELD: {
    status: 403,
    message: "field {field} is outside the grant",
    remedy: "remove the field, or ask for a grant that names it",
  },
  ERR_GRANT_PURPOSE: {
    status: 403,
    message: "purpose {purpose} is outside the grant",
    remedy: "use the purpose that the grant names",
  },
  ERR_GRANT_PARTY: {
    status: 403,
    message: "the signing key is not a {role} of the grant",
    remedy: "sign with a key that the grant names as {role}",
  },
  ERR_GRANT_NOT_YET: { status: 403, message: "the grant starts at {notBefore}", remedy: "wait until then" },
  ERR_GRANT_EXPIRED: { status: 403, message: "the grant ended at {notAfter}", remedy: "ask for a renewed grant" },
  ERR_GRANT_REVOKED: { status: 403, message: "the grant was revoked", remedy: "ask the department for a new grant" },
  ERR_GRANT_DOMAIN: {
    status: 403,
    message: "the grant is for domain {domain}",
    remedy: "send the use to domain {domain}",
  },
  ERR_QUOTA_SPENT: {
    status: 429,
    message: "the grant's quota for {operation} is spent: {amount} {unit}",
    remedy: "ask for a larger quota",
  },
  ERR_OUTCOME_BUDGET: {
    status: 429,
    message: "runs under this grant have told as much by how they ended as they may",
    remedy: "try the job on synthetic rows (sluice job check); ask the department to allow more, or for a new grant",
  },
  ERR_CALL_REUSED: {
    status: 409,
    message: "this call id was used for another request, or has no attempt and no answer left",
    remedy: "use a fresh call id; a retry repeats the same frame, a few times",
  },
  ERR_RELEASE_MISSING: {
    status: 403,
    message: "no release is signed for product {product} version {version}",
    remedy: "have the department sign the release",
  },
  ERR_BUNDLE_CHANGED: {
    status: 403,
    message: "the bundle is not the one that was released",
    remedy: "submit the changed bundle for review",
  },
  ERR_SNAPSHOT: {
    status: 409,
    message: "the product serves another snapshot",
    remedy: "fetch the current snapshot and build the query again",
  },
  ERR_CLOCK: {
    status: 503,
    message: "the clock is behind the last recorded time",
    remedy: "set the clock, then restart the process",
  },
  ERR_ROLLED_BACK: {
    status: 503,
    message: "the domain is older than what it has shown before: {reason}",
    remedy: "bring back its newest state and log, or have its operator decide: sluice domain resume",
  },
  ERR_NOT_WITNESSED: {
    status: 503,
    message: "the witnesses have not cosigned the domain's log since {since}",
    remedy: "try again; if it lasts, have the operator look at the witnesses of {domain}",
  },
  ERR_LEASE_ENDED: {
    status: 503,
    message: "the domain has no status lease in force; the last one ended at {validUntil}",
    remedy: "have the agency issue a status: sluice status issue, or sluice status keep",
  },
  ERR_STATUS_OLD: {
    status: 409,
    message: "the domain holds a status with sequence {held}; {sequence} is not above it",
    remedy: "sign a status with a sequence above {held}",
  },
  ERR_GRANT_BURNED: {
    status: 403,
    message: "the domain went on at {resumedAt} after a loss; grants that began before are void",
    remedy: "have department and agency sign a grant that begins after {resumedAt}",
  },
  ERR_GRANT_REGRADED: {
    status: 403,
    message: "the grant does not fit resource {resource} as it is classified now: {pointer}: {reason}",
    remedy: "have department and agency sign a grant whose policy fits, or have an officer decide again",
  },
  ERR_QUALITY: {
    status: 409,
    message: "resource {resource} is below the quality that its officers set: {rule} of {field}",
    remedy:
      "have the department import better data; an officer sees each figure with sluice domain quality DIR {resource}",
  },
  ERR_QUALITY_UNMEASURED: {
    status: 409,
    message: "the quality of resource {resource} was not measured on its present table and rules",
    remedy: "have the department run sluice domain quality DIR {resource}",
  },

  // Evidence
  ERR_RECEIPT: {
    status: 502,
    message: "the receipt does not verify: {reason}",
    remedy: "do not use the answer; report it to the agency",
  },
  ERR_ANSWER_ALTERED: {
    status: 502,
    message: "the answer is not the one the domain signed",
    remedy: "do not use the answer; report it to the agency",
  },
  ERR_EXPORT: {
    status: 500,
    message: "{file} of the export does not verify: {reason}",
    remedy: "keep the folder and ask for the export again",
  },
  ERR_BACKUP: {
    status: 500,
    message: "backup {folder}: {reason}",
    remedy: "take it again, or use another; keep a backup that does not hold until it is known what happened",
  },
  ERR_DOCUMENT: {
    status: 500,
    message: "the {kind} does not verify: {reason}",
    remedy: "keep the file and report it to the agency",
  },
  ERR_EVENT: {
    status: 400,
    message: "the event is not what it claims: {reason}",
    remedy: "keep the file and ask its domain for the event again",
  },
  ERR_LOG: {
    status: 500,
    message: "log {origin} does not verify: {reason}",
    remedy: "keep the files and report it to the agency",
  },
  ERR_ANCHOR: {
    status: 502,
    message: "anchor {what} does not hold: {reason}",
    remedy: "keep its records; compare the pinned certificates and the address with those of its operator",
  },
  ERR_LOG_PRUNED: {
    status: 410,
    message: "log {origin} no longer keeps the entries before {firstKept}",
    remedy: "ask for later entries; proofs of the earlier ones still verify",
  },
  ERR_RETENTION: {
    status: 409,
    message: "entries of before {before} must be kept: logs are kept for {years} years, the longest rule",
    remedy: "remove them on {day} or later",
  },

  // Private lookup
  ERR_OPRF_ELEMENT: {
    status: 400,
    message: "element {index} is not a valid group element",
    remedy: "send canonical, non-identity ristretto255 elements",
  },
  ERR_OPRF_PROOF: {
    status: 502,
    message: "the evaluation proof does not verify",
    remedy: "do not use the answer; report it to the agency",
  },
  ERR_OPRF_INPUT: {
    status: 400,
    message: "an input cannot be hashed: {reason}",
    remedy: "use an input of 1 to 65535 bytes",
  },
  ERR_LOOKUP_TABLE: {
    status: 422,
    message: "the table cannot be indexed: {reason}",
    remedy: "correct the table and build again",
  },
  ERR_LOOKUP_CORRUPT: {
    status: 502,
    message: "a record does not open under its key",
    remedy: "fetch the snapshot again; report it if it persists",
  },
  ERR_LOOKUP_QUERY: {
    status: 400,
    message: "the query does not fit the snapshot: {reason}",
    remedy: "build the query from the current parameters",
  },

  // Private set intersection
  ...AGGREGATE_ERRORS,
  ...PSI_ERRORS,
  ...SELECTION_ERRORS,
  ...SETTLEMENT_ERRORS,

  // Encrypted scoring
  ERR_SCORE_ROWS: {
    status: 413,
    message: "the request has {rows} rows; at most {maxRows} are allowed",
    remedy: "split the rows over several requests",
  },
  ERR_SCORE_INPUT: {
    status: 422,
    message: "feature {feature} cannot be encrypted: {reason}",
    remedy: "give each feature one finite number per row, within the published bound",
  },
  ERR_SCORE_MODEL: {
    status: 422,
    message: "the model cannot score under encryption: {reason}",
    remedy: "rescale the features, and plan the scales again",
  },
  ERR_SCORE_CIPHERTEXT: {
    status: 400,
    message: "ciphertext {index} is refused: {reason}",
    remedy: "encrypt afresh with the published parameters",
  },
  ERR_SCORE_KEY: {
    status: 400,
    message: "the keys of a scoring request are refused: {reason}",
    remedy: "make keys afresh with the published parameters",
  },

  // Work
  ...WORK_ERRORS,

  // Desensitisation
  ERR_POLICY: {
    status: 422,
    message: "the policy does not fit at {pointer}: {reason}",
    remedy: "correct the named rule",
  },
  ERR_POLICY_COLUMN: {
    status: 422,
    message: "the policy names column {column}, which the resource does not have",
    remedy: "remove the rule, or correct the name",
  },
  ERR_SAMPLE_K: {
    status: 422,
    message: "the sample cannot reach k = {k} within the suppression limit {limit}",
    remedy: "generalise the quasi-identifiers further",
  },
  ERR_SAMPLE_GATE: {
    status: 422,
    message: "the sample does not pass rule {rule} of the release gate, limit {limit}, at {pointer}",
    remedy: "ask the department: `sluice domain sample` shows what was measured; coarsen the policy, or raise k",
  },
  ERR_SAMPLE_MODEL: {
    status: 422,
    message: "the sample cannot keep {demands} within the suppression limit {limit}",
    remedy: "generalise the quasi-identifiers further, or ask for less",
  },
  ERR_SAMPLE_SIZE: { status: 422, message: "the table has fewer than {needed} rows", remedy: "lower the sample size" },

  // Sandbox and guard
  ERR_SANDBOX_ENGINE: {
    status: 500,
    message: "isolated-vm {version} is too old; {needed} or later is needed",
    remedy: "install the pinned version (advisory GHSA-864f-rcv7-6rh4)",
  },
  ERR_SANDBOX_LAYER_MISSING: { status: 503, message: "isolation layer {layer} is missing", remedy: "{how}" },
  ERR_SANDBOX_START: {
    status: 500,
    message: "the sandbox child did not start",
    remedy: "run `sluice doctor`; see the process log",
  },
  ERR_JOB_BUNDLE: { status: 422, message: "the job does not bundle: {reason}", remedy: "correct the source" },
  ERR_JOB_MANIFEST: {
    status: 422,
    message: "the job's manifest is not valid at {pointer}: {expected}",
    remedy: "correct defineJob's argument",
  },
  ERR_JOB_TABLE_TOO_LARGE: {
    status: 422,
    message: "the columns that the job reads are larger than the {maxBytes} bytes that go in at once",
    remedy: 'declare `read: "batches"` and read with rows.forEachBatch; or read fewer columns',
  },
  ERR_JOB_PARAM: {
    status: 422,
    message: "param {param} is not valid: expected {expected}",
    remedy: "give a value that the job declares; the release of a product fixes those of its builds",
  },
  ERR_JOB_THREW: { status: 422, message: "the job threw: {reason}", remedy: "correct the job; run it locally first" },
  ERR_JOB_TIMEOUT: {
    status: 422,
    message: "the job ran longer than {wallTimeLimitMs} ms",
    remedy: "make the job faster, or ask for a larger limit",
  },
  ERR_JOB_MEMORY: {
    status: 422,
    message: "the job used more than {memoryLimitBytes} bytes of memory",
    remedy: "use less memory, or ask for a larger limit",
  },
  ERR_JOB_CAPABILITY: {
    status: 422,
    message: "the job asked for {capability}, which no job has",
    remedy: "remove it; a job has its input columns and nothing else",
  },
  ERR_JOB_CRASHED: {
    status: 422,
    message: "the job's process ended without a result",
    remedy: "make the job smaller; see the limits",
  },
  ERR_JOB_OUTPUT_TOO_LARGE: {
    status: 422,
    message: "the job's output has more than {maxBytes} bytes",
    remedy: "return less",
  },
  ERR_PRIVACY_PARAMETER: {
    status: 422,
    message: "privacy parameter {field} is not valid: expected {expected}",
    remedy: "correct the parameter; nothing was spent",
  },
  ERR_PRIVACY_BUDGET: {
    status: 403,
    message: "the privacy budget of this table does not allow the question",
    remedy: "ask the department what its budget is",
  },
  ERR_COUNT_BUDGET: {
    status: 429,
    message: "the caller's privacy budget for counts over this state of the table is spent: ε = {budget}",
    remedy: "count again when the table has been renewed; ask the department for a larger budget",
  },
  ERR_DATASET_UNBEGUN: {
    status: 403,
    message: "the caller's term of this data set has not begun",
    remedy: "ask for the term first; it spends rows × fields × days",
  },
  ERR_DATASET_BEGUN: {
    status: 409,
    message: "the caller's term of this data set has begun; it ends at {until}",
    remedy: "read its pages; they spend nothing",
  },
  ERR_DATASET_ENDED: {
    status: 403,
    message: "the caller's term of this data set ended at {until}",
    remedy: "ask the department to release another version",
  },
  ERR_REGISTER_FULL: {
    status: 409,
    message:
      "the tables of {resource} showed more than {limit} numbers: no further one can be held against all of them",
    remedy: "serve a noisy table (noisy-table), which needs no comparison; nothing that was shown is forgotten",
  },
  ERR_PROFILE_NEAR: {
    status: 409,
    message:
      "rule profile-differencing: fewer than ten persons tell {figure} of {resource} from a profile that was published before",
    remedy: "leave the published profile as it is until ten persons or more have come, gone or changed there",
  },
  ERR_GUARD_OUTPUT: { status: 422, message: "output {output} breaks rule {rule}", remedy: "{change}" },

  // Data, files, processes
  ERR_TABLE_FILE: {
    status: 422,
    message: "{file} cannot be read as a table: {reason}",
    remedy: "give a UTF-8 CSV with a header line, or a Parquet file",
  },
  ERR_TABLE_COLUMN_MISSING: {
    status: 422,
    message: "{file} has no column {column}",
    remedy: "add the column, or declare the resource without it",
  },
  ERR_TABLE_ENCODING: {
    status: 422,
    message: "{file} is not valid UTF-8 at byte {offset}",
    remedy: "convert the file to UTF-8",
  },
  ERR_TABLE_FIELD_TOO_LARGE: {
    status: 422,
    message: "{file} has a field above {maxBytes} bytes",
    remedy: "shorten the field",
  },
  ERR_STORE: {
    status: 503,
    message: "the data store cannot work: {reason}",
    remedy: "give it more memory or disk space, then try again",
  },
  ERR_SEALED_FILE: {
    status: 500,
    message: "sealed file {file} does not open: {reason}",
    remedy: "restore it from the backup, or give the key that sealed it",
  },
  ERR_DOMAIN_RETIRED: {
    status: 410,
    message: "domain {domain} went out of use at {at}",
    remedy: "read its log and its handover; nothing else of it is left",
  },
  ERR_MEMORY_FILES: {
    status: 503,
    message: "{directory} cannot hold what is opened of sealed tables: {reason}",
    remedy: "give a larger memory file system (tmpfs), or name one with SLUICE_MEMORY_DIRECTORY",
  },
  ERR_KEY: {
    status: 500,
    message: "key {key} cannot be used: {reason}",
    remedy: "give the key in a file that only its owner reads, with its passphrase",
  },
  ERR_PORT_IN_USE: {
    status: 500,
    message: "{address} is in use",
    remedy: "stop the other process, or choose another port",
  },
  ERR_DIRECTORY_LOCKED: {
    status: 500,
    message: "{directory} is in use by process {pid}",
    remedy: "stop that process, or use another directory",
  },
  ERR_DIRECTORY_UNWRITABLE: {
    status: 500,
    message: "{directory} cannot be written",
    remedy: "give a directory that this user can write",
  },
  ERR_OUTPUT: {
    status: 500,
    message: "standard output cannot be written",
    remedy: "print to a disk with room, or to a reader that reads to the end",
  },
  ERR_DIRECTORY_STATE: {
    status: 500,
    message: "{directory} does not hold {expected}",
    remedy: "create it with `{command}`",
  },
  ERR_NODE_VERSION: {
    status: 500,
    message: "Node {version} is running; 24 or later is needed",
    remedy: "start through `npm start`, which brings its own Node",
  },
  ERR_UNREACHABLE: {
    status: 503,
    message: "{peer} cannot be reached",
    remedy: "see that it runs and that the address is right",
  },
  ERR_SUBJECT_OTHER: {
    status: 409,
    message: "request {request} was opened for another identifier",
    remedy: "give the identifier of the person who asked, or open a request of its own",
  },
  ERR_USAGE: { status: 400, message: "{reason}", remedy: "see `sluice --help`" },
} as const satisfies Record<string, CatalogueEntry>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Declared facts that fill a message: names, limits, counts of declared things. Never values of data. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

/** Which process said no. */
export type RefusedBy = "client" | "gateway" | "domain" | "guard" | "sandbox";

/** The error every package throws for misuse and broken peers. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** Set when the error crossed a boundary. */
  readonly refusedBy: RefusedBy | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown; refusedBy?: RefusedBy } = {}) {
    super(fill(ERROR_CATALOGUE[code].message, details), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.refusedBy = options.refusedBy;
  }

  /** HTTP status of this code. */
  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }

  /** The smallest change that would pass, in plain English. */
  get remedy(): string {
    return fill(ERROR_CATALOGUE[this.code].remedy, this.details);
  }
}

/** Whether `text` is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text);
}

/** Whether `error` is a `SluiceError`, with one of `codes` if any are given. */
export function isSluiceError(error: unknown, ...codes: ErrorCode[]): error is SluiceError {
  return error instanceof SluiceError && (codes.length === 0 || codes.includes(error.code));
}

function fill(template: string, details: ErrorDetails): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = details[name];
    return value === undefined ? whole : String(value);
  });
}
