/** Limits on everything that crosses a boundary. Units stand last in each name.
 *  @module */

/** Largest frame of a production query or answer. */
export const MAX_FRAME_BYTES = 2 ** 24 - 1;
/** Largest JSON document inside an envelope: a signed request or an evidenced receipt. */
export const MAX_ENVELOPE_JSON_BYTES = 2 ** 16 - 1;
/** Largest JSON body of a management request. */
export const MAX_JSON_BODY_BYTES = 1_048_576;
/** Largest bundle of a job that asks for more than is usual (`USUAL_BUNDLE_BYTES`). */
export const MAX_BUNDLE_BYTES = 5 * 1_048_576;
/** Largest raw output of a job, before the guard. */
export const MAX_JOB_OUTPUT_BYTES = 64 * 1_048_576;
/** Largest part of a snapshot that callers download: a hint, or the tags of a set. */
export const MAX_SNAPSHOT_PART_BYTES = 64 * 1_048_576;
/** Largest frame of a session; longer messages are sequences of frames. */
export const MAX_SESSION_FRAME_BYTES = 1_048_576;
/** Frames of one side of a session that its peer has not read yet. */
export const MAX_SESSION_FRAMES_IN_FLIGHT = 8;
/** Elements in one OPRF evaluation. */
export const MAX_OPRF_ELEMENTS = 1_024;
/** Longest validity of a signed request. */
export const MAX_REQUEST_VALIDITY_MS = 5 * 60_000;
/** Tolerated difference between the clocks of two processes. */
export const MAX_CLOCK_SKEW_MS = 60_000;
/** Columns of one resource. */
export const MAX_RESOURCE_COLUMNS = 256;
/** Largest single field of an imported table. */
export const MAX_IMPORT_FIELD_BYTES = 1_048_576;
/** Log lines a development run may return. */
export const MAX_LOG_LINES = 500;
/** Characters of one log line of a development run. */
export const MAX_LOG_LINE_CHARS = 200;
/** Time in which a domain answers a gateway, unless a longer one stands below. */
export const DOMAIN_TIMEOUT_MS = 25_000;
/** Time in which a domain takes a run: it reads the bundle's manifest in its sandbox first. */
export const SUBMIT_DOMAIN_TIMEOUT_MS = 60_000;
/** Time in which a domain answers a call of set intersection: the longest list against the largest set takes a
 *  minute of one core, and may have to wait for that core. */
export const PSI_DOMAIN_TIMEOUT_MS = 180_000;
/** Longest life of a call of many messages, for both its sides. */
export const SESSION_LIFETIME_MS = 30 * 60_000;
/** How much longer a caller waits for its gateway than the gateway for the domain, so that it hears the reason. */
export const CALLER_PATIENCE_MS = 5_000;
