/** Issuing statuses: one, or one after another for as long as somebody lets them run. A status that cannot be delivered is
 *  tried again sooner, so that a short loss of the network does not end a lease.
 *  @module */
import { signDocument, type SigningKey } from "@sluice/evidence";
import { KeyId, Sha256Hex, type Clock, type SignedStatus } from "@sluice/protocol";
import { z } from "zod";

/** What a status stops, as a file holds it. */
export const Stops = z.strictObject({
  revoked: z.array(Sha256Hex).default([]),
  suspended: z.array(KeyId).default([]),
});
export type Stops = z.infer<typeof Stops>;

/** What every status of a series shares. */
export interface StatusIssuer {
  readonly domain: string;
  readonly key: SigningKey;
  readonly validMs: number;
  readonly clock: Clock;
  /** What is stopped now. */
  readonly stops: () => Promise<Stops>;
  readonly deliver: (status: SignedStatus) => Promise<void>;
}

/** A lease is renewed when this part of it has passed. */
export const RENEW_AFTER = 1 / 3;
/** Part of a lease after which a failed renewal is tried again. */
const RETRY_AFTER = 1 / 30;

/** Signs and delivers a status that holds from now on. Its sequence is the time in milliseconds, unless given.
 *  @throws what `deliver` throws */
export async function issueStatus(issuer: StatusIssuer, sequence?: number): Promise<SignedStatus> {
  const { domain, key, validMs, clock, stops, deliver } = issuer;
  const now = clock.now().getTime();
  const { revoked, suspended } = await stops();
  const signed = await signDocument(
    {
      type: "status" as const,
      domain,
      sequence: sequence ?? now,
      revoked,
      suspended,
      issuedAt: new Date(now).toISOString(),
      validUntil: new Date(now + validMs).toISOString(),
    },
    key,
  );
  await deliver(signed);
  return signed;
}

/** Issues statuses until `wait` rejects, which it does when the series is to end. `told` hears of each, or of its fault. */
export async function keepStatus(
  issuer: StatusIssuer,
  { wait, told }: { wait: (ms: number) => Promise<void>; told: (outcome: SignedStatus | Error) => void },
): Promise<void> {
  for (;;) {
    let part = RENEW_AFTER;
    try {
      told(await issueStatus(issuer));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      told(error);
      part = RETRY_AFTER;
    }
    await wait(Math.ceil(issuer.validMs * part));
  }
}
