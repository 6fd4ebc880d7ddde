/** Pinned keys of domains.
 *  @module */
import type { DomainPins, TrustPins } from "@sluice/evidence/verify";
import { refusal } from "./refusal.ts";

/** The pinned keys of a domain, for what a document of `type` says. @throws ERR_SIGNATURE when none are pinned */
export function pinsOf(trust: TrustPins, domain: string, type: string): DomainPins {
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined) throw refusal("ERR_SIGNATURE", { type, signer: "no key is pinned for its domain" });
  return pins;
}
