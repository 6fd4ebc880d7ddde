/** Who may read about a call or a run: its parties, and nobody else.
 *  @module */
import type { Grant, KeyId, Party } from "@sluice/protocol";

/** Whether `reader` is a party of the call: who made it, operator and developer of its grant, source department,
 *  agency and auditors; of a run also the grant's callers, who will ask what it makes. */
export function mayReadCall(reader: Party, madeBy: KeyId, grant: Grant | null, kind: "call" | "run"): boolean {
  if (reader.keyId === madeBy) return true;
  if (reader.role === "agency" || reader.role === "auditor" || reader.role === "source") return true;
  if (grant === null) return false;
  const keys = [grant.operator.keyId, grant.developer.keyId];
  if (kind === "run") keys.push(...grant.callers.map((caller) => caller.keyId));
  return keys.includes(reader.keyId);
}
