/** How many numbers a model may have for the persons or things that it was fitted on.
 *  @module */

/** Parameters per person or thing at most (DataSHIELD's `nfilter.glm`). */
const MAX_PARAMETERS_PER_SUBJECT = 0.33;
/** Persons or things beyond the number of parameters at least (ACRO's `safe_dof_threshold`). */
const MIN_RESIDUAL_SUBJECTS = 10;

/** Whether there are enough persons or things for so many parameters. */
export function isBelowRatio(parameters: number, subjects: number): boolean {
  return parameters <= MAX_PARAMETERS_PER_SUBJECT * subjects && subjects - parameters >= MIN_RESIDUAL_SUBJECTS;
}
