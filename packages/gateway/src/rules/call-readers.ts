/** Who may read about a scene, a grant, a call or a run: its parties, and nobody else.
 *  @module */
import type { Grant, KeyId, Party, SignedGrant } from "@sluice/protocol";

/** Whether `reader` is a party of the grant: operator, developer or caller, the department that signed it, agency and
 *  auditors. */
export function mayReadGrant(reader: Party, grant: SignedGrant): boolean {
  return isOfDraft(reader, grant.body) || grant.signatures.some(({ keyId }) => keyId === reader.keyId);
}

/** Whether `reader` is a party of the scene: of its draft, who proposed it, and a department. Which department will sign
 *  is not known before it has, so until then each may read what it could be asked to sign. */
export function mayReadScene(
  reader: Party,
  scene: { readonly draft: Grant; readonly proposedBy: string; readonly grant: SignedGrant | null },
): boolean {
  if (reader.party === scene.proposedBy || isOfDraft(reader, scene.draft)) return true;
  return scene.grant === null ? reader.role === "source" : mayReadGrant(reader, scene.grant);
}

/** Whether `reader` is a party of the call: who made it, operator and developer of its grant, the department that
 *  signed it, agency and auditors; of a run also the grant's callers, who will ask what it makes. */
export function mayReadCall(
  reader: Party,
  madeBy: KeyId | null,
  grant: SignedGrant | null,
  kind: "call" | "run",
): boolean {
  if (reader.keyId === madeBy || oversees(reader)) return true;
  if (grant === null) return false;
  return kind === "run" ? mayReadGrant(reader, grant) : makers(grant).includes(reader.keyId);
}

function isOfDraft(reader: Party, { operator, developer, callers }: Grant): boolean {
  return oversees(reader) || [operator, developer, ...callers].some(({ keyId }) => keyId === reader.keyId);
}

function oversees({ role }: Party): boolean {
  return role === "agency" || role === "auditor";
}

function makers({ body, signatures }: SignedGrant): KeyId[] {
  return [body.operator.keyId, body.developer.keyId, ...signatures.map((signature) => signature.keyId)];
}
