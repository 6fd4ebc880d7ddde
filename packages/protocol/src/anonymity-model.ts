/** The privacy model that a sample must meet beside k: how it is reached, and what else every class must keep.
 *  @module */
import { z } from "zod";

/** What a class of equal quasi-identifiers must keep beside k persons. A member that is absent asks for nothing. */
export const AnonymityModel = z.strictObject({
  /** `suppress` leaves rare rows out; `full-domain` coarsens whole columns by the resource's hierarchies; `mondrian`
   *  coarsens each class as far as it needs. */
  algorithm: z.enum(["suppress", "full-domain", "mondrian"]),
  /** Distinct values of each sensitive column in every class, at least. */
  l: z.int().min(2).max(1_000).optional(),
  /** exp of the entropy of each sensitive column in every class, at least. */
  entropyL: z.number().min(1).max(1_000).optional(),
  /** Distance of the distribution of each sensitive column in a class from that in the whole sample, at most. */
  t: z.number().min(0).max(1).optional(),
  /** Share of the persons of a class in the whole table that the sample may and must show. */
  delta: z
    .strictObject({ min: z.number().min(0).max(1), max: z.number().min(0).max(1) })
    .refine(({ min, max }) => min <= max, "expected min at most max")
    .optional(),
});
export type AnonymityModel = z.infer<typeof AnonymityModel>;
