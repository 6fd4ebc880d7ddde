/** Use requests: what a party signs, end to end, so that no process between can invent or alter a use.
 *  @module */
import { signDocument, type SigningKey } from "@sluice/evidence/sign";
import {
  sha256Hex,
  toHex,
  type Bytes,
  type CallEnvelope,
  type Clock,
  type Operation,
  type ParamValues,
  type Random,
  type Random128,
  type Sha256Hex,
} from "@sluice/protocol";
import { REQUEST_VALIDITY_MS } from "./options.ts";

/** What is used, and under which grant. */
export interface UseSubject {
  readonly operation: Operation;
  readonly domain: string;
  /** Hash of the grant's body. */
  readonly grant: Sha256Hex;
  readonly product: string;
  readonly version: number;
  /** Hash of the bundle that the product was built from, or that is submitted. */
  readonly bundle: Sha256Hex;
  /** Of a submitted job. */
  readonly params?: ParamValues | undefined;
}

/** A fresh call id or nonce. */
export function random128(random: Random): Random128 {
  return toHex(random.bytes(16));
}

/** An envelope around `frame`, signed by `key`, with a fresh nonce and a validity of two minutes. */
export async function signUse(
  use: UseSubject & { readonly callId: Random128 },
  frame: Bytes,
  key: SigningKey,
  { clock, random }: { clock: Clock; random: Random },
): Promise<CallEnvelope> {
  const issuedAt = clock.now();
  const { operation, domain, grant, product, version, bundle, params, callId } = use;
  const request = await signDocument(
    {
      type: "request" as const,
      operation,
      domain,
      grant,
      product,
      version,
      bundle,
      bodyDigest: await sha256Hex(frame),
      ...(params === undefined ? {} : { params }),
      callId,
      nonce: random128(random),
      issuedAt: issuedAt.toISOString(),
      expiresAt: new Date(issuedAt.getTime() + REQUEST_VALIDITY_MS).toISOString(),
    },
    key,
  );
  return { request, frame };
}
