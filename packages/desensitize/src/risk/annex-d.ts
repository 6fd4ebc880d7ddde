/** Figures of GB/T 42460-2023 Annex D: class risk, context risk, overall risk, level.
 *
 *  They are read second hand. Two public sources agree on τ, DRa, DRb, DRc and R; one of them has the limit 0.05 for every
 *  sharing mode, and the numbers of T1 to T3 stand in one alone. Somebody who owns the standard should compare them once.
 *  @module */
import type { ReleaseContext, SharingMode } from "@sluice/protocol";

/** 1/τ: persons of a class from which its risk is acceptable. `1/fj > τ` is `fj < 1/τ`, in whole numbers. */
export const MIN_CLASS_PERSONS: Readonly<Record<SharingMode, number>> = { public: 20, controlled: 5, enclave: 3 };
/** Overall risk from which a sample is of level 2. */
export const RISK_LIMIT = 0.05;
/** Level from which a sample may go to a job. */
export const MIN_LEVEL = 3;

/** T1, a deliberate attempt: by control, then by motive and ability. */
const DELIBERATE = {
  high: { low: 0.05, mid: 0.1, high: 0.2 },
  mid: { low: 0.2, mid: 0.3, high: 0.4 },
  low: { low: 0.4, mid: 0.5, high: 0.6 },
} as const satisfies Record<ReleaseContext["control"], Record<ReleaseContext["motive"], number>>;

/** T3, a breach: by control. */
const BREACH = { high: 0.14, mid: 0.27, low: 0.55 } as const;

/** Acquaintances where a policy states none: the number of lasting relations of one person (Dunbar), as the source of this
 *  model has it (El Emam, 2013). With it the context takes little off the class risk unless the sample is a small share. */
export const DEFAULT_ACQUAINTANCES = 150;
/** Circumstances where a policy states none: the domain's sandbox without a network, and developers under a grant. */
export const DEFAULT_CONTEXT = { control: "high", motive: "mid" } as const satisfies ReleaseContext;

/** Class risk: of classes `θj = 1/fj`. Without classes there is nothing to find, and every figure is 0. */
export interface ClassRisk {
  /** DRa: share of the classes whose risk is above τ. */
  readonly overThreshold: number;
  /** DRb: largest risk of a class. */
  readonly highest: number;
  /** DRc: mean risk of the classes, not of the persons. */
  readonly mean: number;
}

/** `persons[j]` is fj, the persons of class j of the sample; each at least 1. */
export function classRisk(persons: ArrayLike<number>, sharing: SharingMode): ClassRisk {
  const least = MIN_CLASS_PERSONS[sharing];
  const count = persons.length;
  if (count === 0) return { overThreshold: 0, highest: 0, mean: 0 };
  let [over, highest, sum] = [0, 0, 0];
  for (let j = 0; j < count; j++) {
    const risk = 1 / (persons[j] ?? 1);
    if ((persons[j] ?? 1) < least) over++;
    highest = Math.max(highest, risk);
    sum += risk;
  }
  return { overThreshold: over / count, highest, mean: sum / count };
}

/** Context risk with what it is made of. */
export interface ContextRisk {
  readonly control: ReleaseContext["control"];
  readonly motive: ReleaseContext["motive"];
  /** Chance that a given person is in the sample. */
  readonly prevalence: number;
  readonly acquaintances: number;
  /** T1: somebody tries. */
  readonly deliberate: number;
  /** T2 = 1-(1-p)^m: one who sees it knows somebody in it. */
  readonly acquaintance: number;
  /** T3: it gets out. */
  readonly breach: number;
  /** CR: 1 when public, else the largest of the three. */
  readonly value: number;
}

/** `sampledShare`, persons of the sample by persons of the table, stands in for a prevalence that is not stated. */
export function contextRisk(
  sharing: SharingMode,
  context: ReleaseContext | undefined,
  sampledShare: number,
): ContextRisk {
  const stated: ReleaseContext = context ?? DEFAULT_CONTEXT;
  const { control, motive, prevalence = sampledShare, acquaintances = DEFAULT_ACQUAINTANCES } = stated;
  const deliberate = DELIBERATE[control][motive];
  const acquaintance = 1 - (1 - Math.min(1, prevalence)) ** acquaintances;
  const breach = BREACH[control];
  const value = sharing === "public" ? 1 : Math.max(deliberate, acquaintance, breach);
  return { control, motive, prevalence, acquaintances, deliberate, acquaintance, breach, value };
}

/** R: 1 when a class is above τ; else DRb·CR for what is public, DRc·CR for the rest. */
export function overallRisk(sharing: SharingMode, classes: ClassRisk, context: Pick<ContextRisk, "value">): number {
  if (classes.overThreshold > 0) return 1;
  return (sharing === "public" ? classes.highest : classes.mean) * context.value;
}

/** Level of rows: 1 with direct identifiers in them, 2 from the limit on, else 3. Level 4 is for aggregates: rows never have it. */
export function levelOf(overall: number, directIdentifiers: number): 1 | 2 | 3 {
  if (directIdentifiers > 0) return 1;
  return overall < RISK_LIMIT ? MIN_LEVEL : 2;
}
