/** Who may read about a grant, a call or a run: its parties, and nobody else.
 *  @module */
import type { KeyId, Party, SignedGrant } from "@sluice/protocol";

/** Whether `reader` is a party of the grant: operator, developer or caller, the department that signed it, agency and
 *  auditors. */
export function mayReadGrant(reader: Party, grant: SignedGrant): boolean {
  return (
    oversees(reader) ||
    makers(grant).includes(reader.keyId) ||
    grant.body.callers.some((caller) => caller.keyId === reader.keyId)
  );
}

/** Whether `reader` is a party of the call: who made it, operator and developer of its grant, the department that
 *  signed it, agency and auditors; of a run also the grant's callers, who will ask what it makes. */
export function mayReadCall(reader: Party, madeBy: KeyId, grant: SignedGrant | null, kind: "call" | "run"): boolean {
  if (reader.keyId === madeBy || oversees(reader)) return true;
  if (grant === null) return false;
  return kind === "run" ? mayReadGrant(reader, grant) : makers(grant).includes(reader.keyId);
}

function oversees({ role }: Party): boolean {
  return role === "agency" || role === "auditor";
}

function makers({ body, signatures }: SignedGrant): KeyId[] {
  return [body.operator.keyId, body.developer.keyId, ...signatures.map((signature) => signature.keyId)];
}
