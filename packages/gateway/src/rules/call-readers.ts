/** Who may read about a call or a run: its parties, and nobody else.
 *  @module */
import type { KeyId, Party, SignedGrant } from "@sluice/protocol";

/** Whether `reader` is a party of the call: who made it, operator and developer of its grant, the department that
 *  signed it, agency and auditors; of a run also the grant's callers, who will ask what it makes. */
export function mayReadCall(reader: Party, madeBy: KeyId, grant: SignedGrant | null, kind: "call" | "run"): boolean {
  if (reader.keyId === madeBy) return true;
  if (reader.role === "agency" || reader.role === "auditor") return true;
  if (grant === null) return false;
  const { operator, developer, callers } = grant.body;
  const keys = [operator.keyId, developer.keyId, ...grant.signatures.map((signature) => signature.keyId)];
  if (kind === "run") keys.push(...callers.map((caller) => caller.keyId));
  return keys.includes(reader.keyId);
}
