/** Who may do what: roles of parties, and the standing of everybody who signed a document.
 *  @module */
import { SluiceError, type KeyId, type Party, type PartyRole, type Signature } from "@sluice/protocol";
import type { PartyRegister } from "../state/party-register.ts";

/** Refuses parties of another role. @throws ERR_ROLE */
export function requireRole(party: Party, action: string, ...roles: PartyRole[]): void {
  if (roles.includes(party.role)) return;
  throw new SluiceError("ERR_ROLE", { role: party.role, action, needed: roles.join(" or ") });
}

/** The active party behind a key. @throws ERR_PARTY_UNKNOWN, ERR_PARTY_SUSPENDED */
export function activeParty(parties: PartyRegister, keyId: KeyId): Party {
  const party = parties.byKey(keyId);
  if (party === null) throw new SluiceError("ERR_PARTY_UNKNOWN");
  if (party.status === "suspended") throw new SluiceError("ERR_PARTY_SUSPENDED", { party: party.party });
  return party;
}

/** Refuses a document that a suspended party has signed. @throws ERR_PARTY_SUSPENDED */
export function refuseSuspendedSigners(parties: PartyRegister, signatures: readonly Signature[]): void {
  for (const { keyId } of signatures) {
    const party = parties.byKey(keyId);
    if (party?.status === "suspended") throw new SluiceError("ERR_PARTY_SUSPENDED", { party: party.party });
  }
}

/** Keys of the active source departments. @throws ERR_SIGNATURE when there is none */
export function sourceKeys(parties: PartyRegister, type: string): KeyId[] {
  const keys = parties.activeKeys("source");
  if (keys.length === 0) throw new SluiceError("ERR_SIGNATURE", { type, signer: "a source department" });
  return keys;
}
