/** What a client is made of, with every default as a named constant.
 *  @module */
import type { SigningKey } from "@sluice/evidence/sign";
import type { TrustPins } from "@sluice/evidence/verify";
import { CALLER_PATIENCE_MS, DOMAIN_TIMEOUT_MS, type Clock, type Random } from "@sluice/protocol";

/** Longest wait for one answer, in milliseconds; submitted runs and lists may take longer. */
export const DEFAULT_TIMEOUT_MS = DOMAIN_TIMEOUT_MS + CALLER_PATIENCE_MS;
/** Attempts of one production call before its error reaches the caller. */
export const DEFAULT_MAX_ATTEMPTS = 4;
/** Wait before the second attempt, in milliseconds; it doubles with each further one. */
export const DEFAULT_BACKOFF_MS = 100;
/** Longest wait between two attempts, in milliseconds. */
export const MAX_BACKOFF_MS = 5_000;
/** Validity of a signed use request, in milliseconds. */
export const REQUEST_VALIDITY_MS = 120_000;

/** Everything `createClient` takes. */
export interface ClientOptions {
  /** Address of the gateway, for example `https://gateway.example`. A path prefix is kept. */
  readonly gatewayUrl: string;
  /** Key of the party that uses this client; signs requests and never leaves the process. */
  readonly key: SigningKey;
  /** Keys of domains and gateway, from the agency and not from the gateway. */
  readonly trust: TrustPins;
  /** Defaults to the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Defaults to the clock of the system. */
  readonly clock?: Clock;
  /** Defaults to the generator of WebCrypto. A seeded one belongs in tests only. */
  readonly random?: Random;
  /** Longest wait for one answer, of whatever kind; without it `DEFAULT_TIMEOUT_MS`, and for submitted runs and lists longer. */
  readonly timeoutMs?: number;
  /** Attempts of one production call; default `DEFAULT_MAX_ATTEMPTS`. */
  readonly maxAttempts?: number;
  /** First wait between attempts; default `DEFAULT_BACKOFF_MS`. */
  readonly backoffMs?: number;
}

/** Accepted by every method. Aborting ends the work with ERR_CANCELLED. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The clock of the system. */
export const systemClock: Clock = { now: () => new Date() };

const MAX_RANDOM_CHUNK_BYTES = 65_536; // limit of getRandomValues

/** Randomness of WebCrypto. */
export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let offset = 0; offset < length; offset += MAX_RANDOM_CHUNK_BYTES) {
      crypto.getRandomValues(bytes.subarray(offset, offset + MAX_RANDOM_CHUNK_BYTES));
    }
    return bytes;
  },
};
