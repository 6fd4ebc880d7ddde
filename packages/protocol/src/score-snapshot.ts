/** The snapshot of a scoring product: the public parameters under which callers encrypt, and the link that they apply.
 *  @module */
import { z } from "zod";
import { Sha256Hex } from "./identifiers.ts";
import { ScoreLink, ScoreParameters } from "./score.ts";
import { HiddenParameters } from "./score-hidden.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** The snapshot a scoring product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const ScoreSnapshot = z.strictObject({
  type: z.literal("score-snapshot"),
  ...servedMembers,
  /** Hash of the released model, which counts as published: a few rows of a caller reveal it. Or of the salted one that stays in
   *  the domain, `parameters.network`. */
  model: Sha256Hex,
  /** Their type tells the scheme. */
  parameters: z.discriminatedUnion("type", [ScoreParameters, HiddenParameters]),
  link: ScoreLink,
});
export type ScoreSnapshot = z.infer<typeof ScoreSnapshot>;
export const SignedScoreSnapshot = signedSchema(ScoreSnapshot);
export type SignedScoreSnapshot = z.infer<typeof SignedScoreSnapshot>;
