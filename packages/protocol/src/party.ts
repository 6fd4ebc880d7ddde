/** Parties (主体) and their keys.
 *  @module */
import { z } from "zod";
import { Instant, KeyId, Name } from "./identifiers.ts";
import { signedSchema } from "./signed.ts";

/** What a party does in the flow: 实施机构, 数源部门, 运营机构, 开发主体, 使用方, 审计方. */
export const PartyRole = z.enum(["agency", "source", "operator", "developer", "caller", "auditor"]);
export type PartyRole = z.infer<typeof PartyRole>;

/** A party as the agency registers it: the agency signs this body. */
export const Party = z.strictObject({
  type: z.literal("party"),
  party: Name,
  /** Name shown to people. */
  title: z.string().min(1).max(120),
  role: PartyRole,
  keyId: KeyId,
  status: z.enum(["active", "suspended"]),
  /** A later statement about the same party replaces an earlier one. */
  at: Instant,
});
export type Party = z.infer<typeof Party>;
export const SignedParty = signedSchema(Party);
export type SignedParty = z.infer<typeof SignedParty>;
