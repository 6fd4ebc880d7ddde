/** How a sample is shared, and what it must pass before it is: sharing modes of GB/T 37964-2019, context of
 *  GB/T 42460-2023 Annex D.
 *  @module */
import { z } from "zod";

/** `public`: anybody may have it (完全公开共享). `controlled`: named parties under an agreement (受控公开共享); a sample whose
 *  rows a developer's program can show is this. `enclave`: it never leaves the domain (领地公开共享). */
export const SharingMode = z.enum(["public", "controlled", "enclave"]);
export type SharingMode = z.infer<typeof SharingMode>;

const Degree = z.enum(["high", "mid", "low"]);

/** Circumstances in which a sample is used. */
export const ReleaseContext = z.strictObject({
  /** Control that protects it where it is used. */
  control: Degree,
  /** Motive and ability of those who can see it to find persons in it. */
  motive: Degree,
  /** Chance that a given person is in it; without it, what the sample's share of the table says. */
  prevalence: z.number().min(0).max(1).optional(),
  /** Persons of whom one who sees it knows enough to look for them. */
  acquaintances: z.int().min(0).max(1_000).optional(),
});
export type ReleaseContext = z.infer<typeof ReleaseContext>;

/** What a sample must pass beside its model. */
export const ReleaseGate = z.strictObject({
  context: ReleaseContext.optional(),
  /** Rows that are left, at least. */
  minRows: z.int().min(1).max(1_000_000).optional(),
  /** Share of drawn rows that suppression took, at most. */
  maxSuppression: z.number().min(0).max(0.5).optional(),
});
export type ReleaseGate = z.infer<typeof ReleaseGate>;
