/** The grant (授权) that a product rests on, believed only with the signatures of department and agency.
 *  @module */
import { verifySigned } from "@sluice/evidence/verify";
import { documentHash, GrantDelivery, type Sha256Hex, type SignedGrant } from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { pinsOf } from "./pins.ts";
import type { ProductionContext } from "./production-call.ts";
import { asClient, refusal } from "./refusal.ts";

/** Fetches the grant of that hash, which only its parties may read: the gateway learns that this party reads it.
 *  @throws ERR_RECEIPT when another came; ERR_SIGNATURE when the pinned keys of department and agency have not both
 *  signed it; ERR_NOT_FOUND, and transport errors */
export async function fetchGrant(
  { transport, trust }: Pick<ProductionContext, "transport" | "trust">,
  hash: Sha256Hex,
  { signal }: CallOptions = {},
): Promise<SignedGrant> {
  const path = `/v1/grants/${encodeURIComponent(hash)}`;
  const { grant } = await transport.json({ method: "GET", path, signal }, GrantDelivery);
  if ((await documentHash(grant.body)) !== hash) {
    throw refusal("ERR_RECEIPT", { reason: "the grant is not the one that was asked for" });
  }
  const { departmentKey } = pinsOf(trust, grant.body.domain, "grant");
  await asClient(() => verifySigned(grant, { required: [[departmentKey], [trust.agencyKey]] }));
  return grant;
}
