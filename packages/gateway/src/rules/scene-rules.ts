/** Rules of scenes: what a proposal must name, and in which order who reviews it.
 *  @module */
import {
  documentHash,
  SluiceError,
  type Grant,
  type GrantParty,
  type Party,
  type PartyRole,
  type ResourceDescription,
  type Review,
  type Scene,
  type SceneProposal,
} from "@sluice/protocol";
import type { PartyRegister } from "../state/party-register.ts";
import { requireRole } from "./roles.ts";

/** Checks a proposal against the catalogue and the parties.
 *  @throws ERR_GRANT_FIELD, ERR_POLICY_COLUMN, ERR_BODY_INVALID, ERR_GRANT_PARTY */
export async function checkProposal(
  { draft, policy }: SceneProposal,
  resource: ResourceDescription,
  parties: PartyRegister,
): Promise<void> {
  const known = new Set(resource.fields.map((field) => field.name));
  for (const field of namedFields(draft)) {
    if (!known.has(field)) throw new SluiceError("ERR_GRANT_FIELD", { field });
  }
  if (draft.fields.some((field) => field.name === draft.key)) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/draft/fields", expected: "fields without the key" });
  }
  for (const column of Object.keys(policy.columns)) {
    if (!known.has(column)) throw new SluiceError("ERR_POLICY_COLUMN", { column });
  }
  if (policy.resource !== draft.resource || (await documentHash(policy)) !== draft.policy) {
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: "/draft/policy",
      expected: "the hash of the policy beside it",
    });
  }
  if (!(draft.notBefore < draft.notAfter)) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/draft/notAfter", expected: "an instant after notBefore" });
  }
  requireParty(parties, draft.operator, "operator");
  requireParty(parties, draft.developer, "developer");
  for (const caller of draft.callers) requireParty(parties, caller, "caller");
}

/** The state a review leads to. Pre-review is the scene's operator's, review the agency's.
 *  @throws ERR_ROLE, ERR_GRANT_PARTY, ERR_STATE */
export function reviewedState(
  scene: string,
  state: Scene["state"],
  draft: Grant,
  by: Party,
  verdict: Review["verdict"],
): Scene["state"] {
  requireRole(by, "review a scene", "operator", "agency");
  if (by.role === "operator" && by.keyId !== draft.operator.keyId) {
    throw new SluiceError("ERR_GRANT_PARTY", { role: "operator" });
  }
  const needed = by.role === "operator" ? "proposed" : "pre-reviewed";
  if (state !== needed) throw new SluiceError("ERR_STATE", { kind: "scene", name: scene, state, needed });
  if (verdict === "reject") return "rejected";
  return by.role === "operator" ? "pre-reviewed" : "reviewed";
}

function namedFields(draft: Grant): string[] {
  const consent = draft.consent.kind === "subject-consent" ? [draft.consent.field] : [];
  return [draft.key, ...draft.fields.map((field) => field.name), ...consent];
}

/** A party of the draft must be registered under that name with that key and role. */
function requireParty(parties: PartyRegister, { party, keyId }: GrantParty, role: PartyRole): void {
  const known = parties.byName(party);
  if (known === null || known.keyId !== keyId || known.role !== role) {
    throw new SluiceError("ERR_GRANT_PARTY", { role });
  }
}
