/** Whether the loss of a released model tells who was in the sample: the attack by a threshold, with its chance.
 *  @see Yeom, Giacomelli, Fredrikson and Jha, Privacy Risk in Machine Learning (2018); Mann and Whitney (1947), with the
 *    variance corrected for ties; Carlini et al., Membership Inference From First Principles (2022), why the rate at few false
 *    alarms counts; Wilson (1927) for the interval
 *  @module */
import { MAX_ROC_POINTS, type MembershipEvidence } from "@sluice/protocol";

/** Rows in the sample, and outside, without which nothing is said: one in a hundred must be a row. */
export const MIN_MEASURED_ROWS = 100;
const FALSE_ALARMS = 0.01;
/** Of the normal distribution, for 95 %. */
const Z_95 = 1.959964;

/** What the losses tell, whether smaller or larger ones are those of members; null when there are too few rows.
 *  @throws RangeError for a loss that is no finite number */
export function measureMembership(members: Float64Array, others: Float64Array): MembershipEvidence | null {
  const [m, n] = [members.length, others.length];
  if (m < MIN_MEASURED_ROWS || n < MIN_MEASURED_ROWS) return null;
  if (!members.every(Number.isFinite) || !others.every(Number.isFinite)) throw new RangeError("a loss is not finite");
  const inside = members.toSorted();
  const outside = others.toSorted();
  const roc: [number, number][] = [[0, 0]];
  let [i, j, area, ties, tpr, distance] = [0, 0, 0, 0, 0, 0];
  while (i < m || j < n) {
    const value = Math.min(inside[i] ?? Infinity, outside[j] ?? Infinity);
    // Of the largest losses: members above the last value that leaves one in a hundred of others above it.
    if ((n - j) / n <= FALSE_ALARMS) tpr = Math.max(tpr, (m - i) / m);
    const [before, beforeOthers] = [i, j];
    while (i < m && (inside[i] ?? Infinity) <= value) i++;
    while (j < n && (outside[j] ?? Infinity) <= value) j++;
    const [of, ofOthers] = [i - before, j - beforeOthers];
    // Of pairs with a row outside of this value, those whose member is below it, and half of ties.
    area += ofOthers * (before + of / 2);
    ties += (of + ofOthers) ** 3 - (of + ofOthers);
    if (j / n <= FALSE_ALARMS) tpr = Math.max(tpr, i / m);
    distance = Math.max(distance, Math.abs(i / m - j / n));
    roc.push([j / n, i / m]);
  }
  const auc = area / (m * n);
  const all = m + n;
  const variance = ((m * n) / 12) * (all + 1 - ties / (all * (all - 1)));
  const z = variance > 0 ? (area - (m * n) / 2) / Math.sqrt(variance) : 0;
  return {
    members: m,
    others: n,
    auc,
    pValue: Math.min(1, 2 * upperTail(Math.abs(z))),
    gap: { distance, pValue: kolmogorov(distance, (m * n) / (m + n)) },
    tprAt1: { value: tpr, ...wilson(tpr, m) },
    roc: thinned(roc),
  };
}

/** Probability of a distance as large between two samples of one distribution (Kolmogorov and Smirnov), `size` being m n / (m + n).
 *  @see Stephens (1970), within 1e-3; ties make it larger than it is */
export function kolmogorov(distance: number, size: number): number {
  const root = Math.sqrt(size);
  const x = (root + 0.12 + 0.11 / root) * distance;
  if (x < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * (k * x) ** 2);
  return Math.min(1, Math.max(0, sum));
}

/** Wilson's interval of a share of `n`. */
function wilson(share: number, n: number): { low: number; high: number } {
  const z2 = Z_95 ** 2;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Probability that a standard normal variable is above `z`.
 *  @see Abramowitz and Stegun 7.1.26, within 1.5e-7 */
export function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = Math.min(0.5, Math.max(0, (series * Math.exp(-x * x)) / 2));
  return z >= 0 ? tail : 1 - tail;
}

function thinned(roc: readonly [number, number][]): [number, number][] {
  if (roc.length <= MAX_ROC_POINTS) return [...roc];
  const last = MAX_ROC_POINTS - 1;
  return Array.from({ length: MAX_ROC_POINTS }, (_, k) => roc[Math.round((k * (roc.length - 1)) / last)] ?? [1, 1]);
}
