/** Names of the examples, apart from what walks them, so that the help need not load a job.
 *  @module */

/** Folders of `examples/`. */
export const EXAMPLE_NAMES = [
  "inclusive-credit",
  "insured-match",
  "medical-aid",
  "insurance-pricing",
  "ageing-report",
  "pension-outlook",
] as const;
export type ExampleName = (typeof EXAMPLE_NAMES)[number];

/** Whether `name` is an example's. */
export function isExampleName(name: string): name is ExampleName {
  return EXAMPLE_NAMES.some((example) => example === name);
}
