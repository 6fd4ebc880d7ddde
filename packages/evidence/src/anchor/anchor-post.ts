/** One POST to an anchor: bounded in time and size, not redirected, repeated where that can help.
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";
import { readBoundedBody } from "../bounded-body.ts";
import { MAX_ANCHOR_ANSWER_BYTES, type AnchorFault } from "./anchor.ts";

/** How long one try may take. */
export const DEFAULT_ANCHOR_TIMEOUT_MS = 15_000;
/** Tries of one publication; the next interval brings more. */
export const MAX_ANCHOR_TRIES = 3;
/** Wait before the second try; doubles, and varies by half either way. */
const FIRST_PAUSE_MS = 1_000;

/** The world, as an anchor's client sees it. */
export type AnchorNetwork = {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly random: Random;
  /** Resolves after `ms`, or rejects when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly timeoutMs?: number;
};

/** What came back. */
export type PostOutcome =
  | { readonly kind: "answer"; readonly body: Bytes }
  | { readonly kind: "failed"; readonly fault: AnchorFault; readonly status?: number };

/** Posts; never rejects. */
export async function postToAnchor(
  url: string,
  request: { readonly headers: Record<string, string>; readonly body: Bytes | string },
  network: AnchorNetwork,
  signal: AbortSignal,
): Promise<PostOutcome> {
  let outcome = await post(url, request, network, signal);
  for (let tries = 1; tries < MAX_ANCHOR_TRIES && mayPass(outcome); tries++) {
    try {
      await network.pause(FIRST_PAUSE_MS * 2 ** (tries - 1) * jitter(network.random), signal);
    } catch {
      return { kind: "failed", fault: "cancelled" };
    }
    outcome = await post(url, request, network, signal);
  }
  return outcome;
}

async function post(
  url: string,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: Bytes | string },
  { fetch: send, timeoutMs = DEFAULT_ANCHOR_TIMEOUT_MS }: AnchorNetwork,
  signal: AbortSignal,
): Promise<PostOutcome> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const both = AbortSignal.any([signal, timeout]);
    const response = await send(url, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : new Uint8Array(body),
      redirect: "manual",
      signal: both,
    });
    if (response.ok) return { kind: "answer", body: await readBoundedBody(response, MAX_ANCHOR_ANSWER_BYTES) };
    await response.body?.cancel();
    const { status, type } = response;
    const redirected = type === "opaqueredirect" || (status >= 300 && status < 400);
    return { kind: "failed", fault: redirected ? "redirected" : "refused", status };
  } catch (cause) {
    if (signal.aborted) return { kind: "failed", fault: "cancelled" };
    if (timeout.aborted) return { kind: "failed", fault: "timeout" };
    return { kind: "failed", fault: cause instanceof RangeError ? "too-large" : "unreachable" };
  }
}

function mayPass(outcome: PostOutcome): boolean {
  if (outcome.kind === "answer") return false;
  const { fault, status = 0 } = outcome;
  return fault === "unreachable" || fault === "timeout" || (fault === "refused" && (status === 429 || status >= 500));
}

/** A factor in [0.5, 1.5), so that servers that failed together do not come back together. */
function jitter(random: Random): number {
  const [first = 0] = random.bytes(1);
  return 0.5 + first / 256;
}
