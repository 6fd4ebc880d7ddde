/** Guard rules for linear models: few parameters for the persons or things they were fitted on, few digits, closed names.
 *  @module */
import { isValid, type DomainFacts, type GuardFinding, type JobManifest, type LinearModel } from "@sluice/protocol";
import { identifierKinds } from "../detect/identifier-kinds.ts";
import { finding, judged } from "./finding.ts";
import { MAX_MAGNITUDE, roundToDigits } from "./rounding.ts";
import { byValue, MAX_LEVELS } from "./row-columns.ts";
import { countSubjects, MIN_CELL_SUBJECTS, subjectsOf } from "./subjects.ts";

/** Significant digits of a parameter. */
export const MODEL_DIGITS = 4;
/** Parameters per person or thing at most (DataSHIELD's `nfilter.glm`). */
const MAX_PARAMETERS_PER_SUBJECT = 0.33;
/** Persons or things beyond the number of parameters at least (ACRO's `safe_dof_threshold`). */
const MIN_RESIDUAL_SUBJECTS = 10;
/** Longest level in a feature name (DataSHIELD's `nfilter.stringShort`). */
const MAX_LEVEL_CHARACTERS = 20;

/** Applies the model rules. `value` is what may leave if no finding is refused. */
export function guardLinearModel(
  output: string,
  model: LinearModel,
  maxParameters: number,
  manifest: JobManifest,
  facts: DomainFacts,
): { value: LinearModel; findings: GuardFinding[] } {
  const raw = [...model.weights, model.intercept];
  const fits = model.weights.length === model.features.length && raw.length <= maxParameters;
  const subjects = countSubjects(facts);
  const supported =
    raw.length <= MAX_PARAMETERS_PER_SUBJECT * subjects && subjects - raw.length >= MIN_RESIDUAL_SUBJECTS;
  const distinct = new Set(model.features).size === model.features.length;
  const named = distinct && model.features.every((feature) => isClosedFeature(feature, manifest, facts));
  const finite = raw.every((value) => Number.isFinite(value));
  const bounded = raw.every((value) => !(Math.abs(value) > MAX_MAGNITUDE));
  const findings = [
    judged(output, "model-parameters", fits),
    judged(output, "model-ratio", supported),
    judged(output, "model-features", named),
    ...(facts.table === undefined || !named
      ? []
      : [
          judged(
            output,
            "model-support",
            model.features.every((feature) => isSupported(feature, facts)),
          ),
        ]),
    judged(output, "model-finite", finite),
    judged(output, "model-range", bounded),
  ];
  if (!finite || !bounded) return { value: model, findings };

  const round = (value: number): number => roundToDigits(value, MODEL_DIGITS);
  const value: LinearModel = {
    kind: "linear-model",
    features: [...model.features],
    weights: model.weights.map(round),
    intercept: round(model.intercept),
  };
  const same = [...value.weights, value.intercept].every((rounded, i) => Object.is(rounded, raw[i]));
  findings.push(finding(output, "model-digits", same ? "passed" : "changed"));
  return { value, findings };
}

/** `column`, or `column=level` of a dictionary column. With the domain's list of levels, the level must be on it;
 *  without, it must be a short code or word that is no identifier. */
function isClosedFeature(feature: string, manifest: JobManifest, facts: DomainFacts): boolean {
  const at = feature.indexOf("=");
  const column = at < 0 ? feature : feature.slice(0, at);
  if (!Object.hasOwn(manifest.input, column)) return false;
  if (at < 0) return true;
  const level = feature.slice(at + 1);
  if (manifest.input[column] !== "dict") return false;
  if (facts.levels === undefined) return isShortWord(level) && identifierKinds(level).size === 0;
  return Object.hasOwn(facts.levels, column) && (facts.levels[column]?.includes(level) ?? false);
}

/** Whether MIN_CELL_SUBJECTS persons or things differ in the feature from what most have: the weight of one that few have
 *  is what is known of them. */
function isSupported(feature: string, facts: DomainFacts): boolean {
  const at = feature.indexOf("=");
  const column = facts.table?.columns[at < 0 ? feature : feature.slice(0, at)];
  if (column === undefined) return false;
  const subjects = subjectsOf(facts);
  // A missing value is a 0 to the kit, and so differs.
  const { codes } = byValue(column);
  const level = at < 0 || column.type !== "dict" ? -1 : column.dictionary.indexOf(feature.slice(at + 1));
  const valueAt = (row: number): number =>
    at < 0 ? (codes[row] ?? MAX_LEVELS) : isValid(column, row) && column.values[row] === level ? 1 : 0;
  const holders = new Map<number, Set<number>>();
  for (let row = 0; row < facts.rowCount; row++) {
    const value = valueAt(row);
    let own = holders.get(value);
    if (own === undefined) holders.set(value, (own = new Set()));
    own.add(subjects[row] ?? row);
  }
  const most = [...holders.values()].reduce((best, own) => (own.size > best.size ? own : best), new Set<number>());
  const others = new Set<number>();
  for (const own of holders.values()) if (own !== most) for (const subject of own) others.add(subject);
  return others.size >= MIN_CELL_SUBJECTS;
}

function isShortWord(level: string): boolean {
  const characters = Array.from(level);
  return characters.length <= MAX_LEVEL_CHARACTERS && /^[\p{L}\p{N}][\p{L}\p{N} _.<>+-]*$/u.test(level);
}
