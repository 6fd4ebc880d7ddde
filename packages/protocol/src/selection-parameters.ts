/** What is fixed before a hidden selection is made: the groups that the domain chose, how many have to be selected, the measures
 *  with their bounds and noise. Commitments and proofs are bound to their hash, together with the caller.
 *  @module */
import { z } from "zod";
import { SluiceError } from "./errors.ts";
import { documentHash } from "./hashing.ts";
import { FieldName, Name, type Sha256Hex } from "./identifiers.ts";

/** Most groups. */
export const MAX_SELECTION_GROUPS = 1_024;
/** Fewest that are selected: a sum of one group is what a selection must not be. */
export const MIN_SELECTION_GROUPS = 2;
/** Fewest rows that a domain may declare for a group. */
export const MIN_SELECTION_ROWS = 5;
/** Most measures. */
export const MAX_SELECTION_MEASURES = 16;
/** Largest magnitude of a sum with its noise: the caller finds it in a time that grows with the square root. */
export const MAX_SELECTION_BOUND = 2 ** 39;
/** Noise beyond so many of its scales is drawn again: a chance below 2^-90. */
export const SELECTION_NOISE_SCALES = 64;

/** A sum of whole numbers. */
export const SelectionMeasure = z
  .strictObject({
    name: FieldName,
    /** The most, by magnitude, that one subject adds to all groups together: the domain cuts to it. */
    subjectBound: z.int().min(1).max(MAX_SELECTION_BOUND),
    /** Scale of the discrete Laplace noise of each answer: it costs ε = subjectBound / noiseScale. */
    noiseScale: z.int().min(1).max(MAX_SELECTION_BOUND),
    /** The most, by magnitude, that a sum with its noise can be. */
    bound: z.int().min(1).max(MAX_SELECTION_BOUND),
  })
  .refine(({ noiseScale, bound }) => bound > noiseScale * SELECTION_NOISE_SCALES, {
    path: ["bound"],
    error: `above ${SELECTION_NOISE_SCALES} scales of noise`,
  });
export type SelectionMeasure = z.infer<typeof SelectionMeasure>;

/** Public facts of a product that sums under hidden selections. */
export const SelectionParameters = z
  .strictObject({
    type: z.literal("hidden-selection"),
    version: z.literal(1),
    product: Name,
    /** Labels, in the order of a selection. */
    groups: z.array(z.string().min(1).max(100)).min(4).max(MAX_SELECTION_GROUPS),
    /** Fewest groups that are selected, and fewest that are left out unless all are selected. */
    minimumGroups: z.int().min(MIN_SELECTION_GROUPS).max(MAX_SELECTION_GROUPS),
    /** Fewest rows of a group. */
    minimumRows: z.int().min(MIN_SELECTION_ROWS),
    measures: z.array(SelectionMeasure).min(1).max(MAX_SELECTION_MEASURES),
  })
  .refine(({ groups }) => new Set(groups).size === groups.length, { path: ["groups"], error: "distinct labels" })
  .refine(({ groups, minimumGroups }) => 2 * minimumGroups <= groups.length, {
    path: ["minimumGroups"],
    error: "half of the groups at most",
  })
  .refine(({ measures }) => new Set(measures.map(({ name }) => name)).size === measures.length, {
    path: ["measures"],
    error: "distinct names",
  });
export type SelectionParameters = z.infer<typeof SelectionParameters>;

/** The parameters that `value` is. @throws ERR_SELECTION_PARAMETERS */
export function parseSelectionParameters(value: unknown): SelectionParameters {
  const parsed = SelectionParameters.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SluiceError("ERR_SELECTION_PARAMETERS", {
    field: issue?.path.join(".") ?? "parameters",
    expected: issue?.message ?? "parameters",
  });
}

/** What a selection is made for: the parameters and who asks. */
export function selectionStatement(parameters: SelectionParameters, caller: string): Promise<Sha256Hex> {
  return documentHash({ type: "selection-statement", version: 1, parameters, caller });
}

/** How many groups a selection may have, ascending: enough in it and outside, or all. */
export function allowedTotals({
  groups,
  minimumGroups,
}: Pick<SelectionParameters, "groups" | "minimumGroups">): number[] {
  const count = groups.length - 2 * minimumGroups + 1;
  return [...Array.from({ length: count }, (_, i) => minimumGroups + i), groups.length];
}
