/** Sums under hidden selections as a job declares them and a grant allows them: groups by public facts, what one person
 *  contributes, the price of each sum. No user code touches a row: the domain forms the groups from this declaration, as for noisy
 *  tables, and the parameters that callers see follow from it.
 *  @module */
import { z } from "zod";
import { MAX_COUNT_BUDGET, MICRO_EPSILON, microEpsilon } from "./count-noise.ts";
import { FieldName, type Name } from "./identifiers.ts";
import { ContributionBound, NoisyDimension } from "./noisy-table.ts";
import {
  MAX_SELECTION_BOUND,
  MIN_SELECTION_GROUPS,
  MIN_SELECTION_ROWS,
  SELECTION_NOISE_SCALES,
  SelectionParameters,
  type SelectionMeasure,
} from "./selection-parameters.ts";
import { MAX_TABLE_DIMENSIONS } from "./table.ts";

/** Least and largest ε of one sum. */
const [MIN_SUM_EPSILON, MAX_SUM_EPSILON] = [0.01, 2];
/** Most selections of one caller of one product. */
export const MAX_SELECTIONS = 64;
/** Largest magnitude of a measure's bounds. */
const MAX_MEASURE = 1e9;
/** Measure of every product: rows in the selected groups. */
export const SELECTION_ROWS = "rows";

const Epsilon = z
  .string()
  .regex(/^(0|[1-9][0-9]?)(\.[0-9]{1,6})?$/, { abort: true })
  .refine((text) => Number(text) >= MIN_SUM_EPSILON, { error: `${MIN_SUM_EPSILON} at least`, abort: true });

const price = {
  /** ε of each sum: a decimal. */
  epsilon: Epsilon.refine((text) => Number(text) <= MAX_SUM_EPSILON, `${MAX_SUM_EPSILON} at most`),
  /** The most, by magnitude, that the sum over any groups can be: a public fact, not one of the rows. */
  most: z.number().positive().max(MAX_SELECTION_BOUND),
};

/** A column that is summed. Numbers are clamped to [min, max] and rounded to `digits` decimals. */
const SelectionSum = z
  .strictObject({
    name: FieldName,
    field: FieldName,
    min: z.number().min(-MAX_MEASURE).max(MAX_MEASURE),
    max: z.number().min(-MAX_MEASURE).max(MAX_MEASURE),
    digits: z.int().min(0).max(6),
    ...price,
  })
  .refine(({ min, max }) => min < max, "min below max");
type SelectionSum = z.infer<typeof SelectionSum>;

const Declared = z.strictObject({
  kind: z.literal("hidden-selection"),
  dimensions: z
    .array(NoisyDimension)
    .min(1)
    .max(MAX_TABLE_DIMENSIONS)
    .refine((dimensions) => new Set(dimensions.map(({ name }) => name)).size === dimensions.length, {
      error: "each dimension once",
    }),
  /** Fewest groups that are selected, and fewest that are left out unless all are selected. */
  minimumGroups: z.int().min(MIN_SELECTION_GROUPS),
  /** What one person adds to all groups together. */
  contribution: ContributionBound,
  /** Rows are counted under every selection. */
  rows: z.strictObject(price),
  measures: z.array(SelectionSum).max(8),
});

/** An output of group sums, as a job declares it: what it plans has to be whole. */
export const HiddenSelectionSpec = Declared.superRefine((spec, context) => {
  const planned = SelectionParameters.safeParse(drafted(spec, "planned", MIN_SELECTION_ROWS));
  const issue = planned.error?.issues[0];
  if (issue === undefined) return;
  context.addIssue({ code: "custom", path: [], message: `${issue.path.join(".")}: ${issue.message}` });
});
export type HiddenSelectionSpec = z.infer<typeof HiddenSelectionSpec>;

/** What a grant allows each of its callers of one product, whatever its version. */
export const SelectionTerms = z.strictObject({
  /** Selections that it may register: the difference of two tells of fewer groups than either. */
  most: z.int().min(1).max(MAX_SELECTIONS),
  /** ε of all its sums over one state of the source table, counts of matches included. */
  epsilon: Epsilon.refine((text) => Number(text) <= MAX_COUNT_BUDGET, `${MAX_COUNT_BUDGET} at most`),
});
export type SelectionTerms = z.infer<typeof SelectionTerms>;

/** The parameters of a product of `spec` whose groups have `minimumRows` persons at least. Measures are in units of their last digit. */
export function planSelection(spec: HiddenSelectionSpec, product: Name, minimumRows: number): SelectionParameters {
  return SelectionParameters.parse(drafted(spec, product, Math.max(minimumRows, MIN_SELECTION_ROWS)));
}

/** Labels of the groups: one level of each dimension, the last one varying first. */
export function selectionLabels({ dimensions }: Pick<HiddenSelectionSpec, "dimensions">): string[] {
  return dimensions.reduce<string[]>(
    (labels, { levels }) =>
      labels.flatMap((label) => levels.map((level) => (label === "" ? level : `${label}/${level}`))),
    [""],
  );
}

/** The largest magnitude of a value as it is summed. */
function largestUnit({ min, max, digits }: Pick<SelectionSum, "min" | "max" | "digits">): number {
  return Math.max(Math.abs(Math.floor(max * 10 ** digits)), Math.abs(Math.ceil(min * 10 ** digits)));
}

/** Millionths of ε that a sum of `measure` costs. */
export function selectionCost({ subjectBound, noiseScale }: SelectionMeasure): number {
  const [bound, scale] = [BigInt(subjectBound), BigInt(noiseScale)];
  return Number((bound * BigInt(MICRO_EPSILON) + scale - 1n) / scale);
}

function drafted(spec: z.infer<typeof Declared>, product: string, minimumRows: number): SelectionParameters {
  const { rows, groups } = spec.contribution;
  const measure = (
    name: string,
    unit: number,
    digits: number,
    { epsilon, most }: z.infer<z.ZodObject<typeof price>>,
  ) => {
    const subjectBound = Math.max(unit, 1) * rows * groups;
    const micro = microEpsilon(epsilon);
    const noiseScale = Number(
      (BigInt(Math.min(subjectBound, MAX_SELECTION_BOUND)) * BigInt(MICRO_EPSILON) + BigInt(micro - 1)) / BigInt(micro),
    );
    const bound = Math.ceil(most * 10 ** digits) + SELECTION_NOISE_SCALES * noiseScale;
    return { name, subjectBound, noiseScale, bound };
  };
  return {
    type: "hidden-selection",
    version: 1,
    product,
    groups: selectionLabels(spec),
    minimumGroups: spec.minimumGroups,
    minimumRows,
    measures: [
      measure(SELECTION_ROWS, 1, 0, spec.rows),
      ...spec.measures.map((sum) => measure(sum.name, largestUnit(sum), sum.digits, sum)),
    ],
  };
}
