/** Guard rules for a model with a hidden layer that `produce` fits on every row and that stays in the domain. What callers learn of it
 *  follows from its numbers, and scores determine all that they say: so there are few of them for the persons they were fitted on, whole
 *  multiples of one power of two, within ranges. Names and bounds of features are the manifest's.
 *  @module */
import {
  formCoefficients,
  type DomainFacts,
  type GuardFinding,
  type SquareNetworkFit,
  type SquareNetworkSpec,
} from "@sluice/protocol";
import { finding, judged } from "./finding.ts";
import { isBelowRatio } from "./model/parameter-ratio.ts";
import { NearSets } from "./near-sets.ts";
import { releasedSet } from "./released-sets.ts";
import { separateSets } from "./shown-sets.ts";
import { countSubjects } from "./subjects.ts";

/** Bits of a weight beside its sign, after rounding. */
export const NETWORK_WEIGHT_BITS = 8;
/** Bits of a bias and of the intercept beside their sign, in the steps of weights. */
export const NETWORK_BIAS_BITS = 20;
/** Largest and smallest exponent of the largest weight. */
const MAX_EXPONENT = 20;

/** Applies the rules. `value` is what may be served if no finding is refused. */
export function guardNetwork(
  output: string,
  network: SquareNetworkFit,
  spec: SquareNetworkSpec,
  facts: DomainFacts,
): { value: SquareNetworkFit | null; findings: GuardFinding[]; shown?: Uint32Array } {
  const { units, intercept } = network;
  const features = spec.features.length;
  const fits =
    units.length >= 1 &&
    units.length <= spec.maxUnits &&
    units.every(({ weights }) => weights.length === features) &&
    JSON.stringify(network.features) === JSON.stringify(spec.features);
  const numbers = [intercept, ...units.flatMap(({ bias, weights }) => [bias, ...weights])];
  const finite = numbers.every((number) => Number.isFinite(number));
  const rounded = fits && finite ? roundedNetwork(network) : null;
  const parameters = Math.min(numbers.length, formCoefficients(features));
  const findings = [
    judged(output, "network-units", fits),
    judged(output, "network-finite", finite),
    judged(output, "network-range", rounded !== null),
    judged(output, "network-ratio", isBelowRatio(parameters, countSubjects(facts))),
  ];
  if (rounded === null) return { value: null, findings };
  // Rounded always: whether it changed a number would tell of that number.
  findings.push(finding(output, "network-digits", "changed"));
  const { tags, shown: earlier } = facts;
  if (tags === undefined) return { value: rounded, findings };
  const set = releasedSet(facts, tags, "square-network");
  if (earlier !== undefined) {
    findings.push(judged(output, "network-differencing", !new NearSets(separateSets(earlier)).isNear(set)));
  }
  return { value: rounded, findings, shown: set };
}

/** Whether every number is one that rounding leaves: the store's second look. */
export function isRoundedNetwork(network: SquareNetworkFit): boolean {
  const again = roundedNetwork(network);
  return again !== null && JSON.stringify(again) === JSON.stringify(network);
}

/** The model in whole steps of a power of two of which its largest weight has 2^8 at most; units that have no weight left are part of
 *  the intercept. Null when nothing is left, or a number is out of range. */
function roundedNetwork({ kind, features, units, intercept }: SquareNetworkFit): SquareNetworkFit | null {
  const largest = Math.max(...units.flatMap(({ weights }) => weights.map(Math.abs)));
  const exponent = Math.ceil(Math.log2(largest));
  if (!(Math.abs(exponent) <= MAX_EXPONENT)) return null;
  const step = 2 ** (exponent - NETWORK_WEIGHT_BITS);
  // Adding zero leaves one zero.
  const round = (number: number): number => Math.round(number / step) * step + 0;
  const isWide = (number: number): boolean => Math.abs(number) > step * 2 ** NETWORK_BIAS_BITS;
  const whole = units.map(({ sign, bias, weights }) => ({ sign, bias: round(bias), weights: weights.map(round) }));
  const isConstant = ({ weights }: (typeof whole)[number]): boolean => weights.every((weight) => weight === 0);
  const constant = whole.filter(isConstant).reduce((sum, { sign, bias }) => sum + sign * bias ** 2, intercept);
  const kept = whole.filter((unit) => !isConstant(unit));
  if (kept.length === 0 || isWide(constant) || kept.some(({ bias }) => isWide(bias))) return null;
  return { kind, features: features.map((feature) => ({ ...feature })), units: kept, intercept: round(constant) };
}
