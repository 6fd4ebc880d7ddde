/** The linear model: what a development run may release, and what encrypted scoring serves.
 *  @module */
import { z } from "zod";

/** Coefficients in declared order of features. */
export const LinearModel = z.strictObject({
  kind: z.literal("linear-model"),
  features: z.array(z.string().min(1).max(80)).min(1).max(256),
  weights: z.array(z.number()).min(1).max(256),
  intercept: z.number(),
});
export type LinearModel = z.infer<typeof LinearModel>;
