/** Rules of scenes: what a proposal must name, and in which order who reviews it.
 *  @module */
import {
  APPLICATION_SECTIONS,
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
  const hidden = new Set([draft.key, ...(draft.joinFields ?? [])]);
  if (draft.fields.some((field) => hidden.has(field.name))) {
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

/** The state a review leads to. Pre-review is the scene's operator's, review the agency's, which scores every section of
 *  the application that it approves.
 *  @throws ERR_ROLE, ERR_GRANT_PARTY, ERR_STATE, ERR_BODY_INVALID without the scores */
export function reviewedState(
  { scene, state, proposal: { draft } }: Pick<Scene, "scene" | "state" | "proposal">,
  by: Party,
  { verdict, scores }: Pick<Review, "verdict" | "scores">,
): Scene["state"] {
  requireRole(by, "review a scene", "operator", "agency");
  if (by.role === "operator" && by.keyId !== draft.operator.keyId) {
    throw new SluiceError("ERR_GRANT_PARTY", { role: "operator" });
  }
  const needed = by.role === "operator" ? "proposed" : "pre-reviewed";
  if (state !== needed) throw new SluiceError("ERR_STATE", { kind: "scene", name: scene, state, needed });
  if (verdict === "reject") return "rejected";
  if (by.role === "operator") return "pre-reviewed";
  if (!APPLICATION_SECTIONS.every((section) => scores?.[section] !== undefined)) {
    const expected = `points for ${APPLICATION_SECTIONS.join(", ")}`;
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/scores", expected });
  }
  return "reviewed";
}

function namedFields(draft: Grant): string[] {
  const consent = draft.consent.kind === "subject-consent" ? [draft.consent.field] : [];
  return [draft.key, ...(draft.joinFields ?? []), ...draft.fields.map((field) => field.name), ...consent];
}

/** A party of the draft must be registered under that name with that key and role. */
function requireParty(parties: PartyRegister, { party, keyId }: GrantParty, role: PartyRole): void {
  const known = parties.byName(party);
  if (known === null || known.keyId !== keyId || known.role !== role) {
    throw new SluiceError("ERR_GRANT_PARTY", { role });
  }
}
