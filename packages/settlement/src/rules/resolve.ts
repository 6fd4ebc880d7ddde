/** Which rules hold: those of the jurisdiction on a day, each replaced by one of a higher level that speaks of the same (从其规定, G33).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { RuleReference } from "../figure.ts";
import { readInput } from "../input.ts";
import { RULE_LEVELS, RULE_ROWS, RuleSet, type RuleName, type RuleParameters } from "./rule-set.ts";

/** A rule that holds, and the set it is from. */
export interface Rule<T> {
  readonly value: T;
  readonly reference: RuleReference;
}

type ValueOf<N extends RuleName> = NonNullable<RuleParameters[N]>["value"];

/** The rules of a jurisdiction on a day. */
export interface Rules {
  readonly jurisdiction: string;
  readonly on: string;
  /** Sets that give at least one rule, the one that gives most first. */
  readonly sets: readonly string[];
  /** Every rule that holds, by its name. */
  readonly held: Readonly<Partial<Record<RuleName, Rule<unknown>>>>;
  /** The rule of that name.
   *  @throws ERR_SETTLEMENT_RULES when no set gives it. */
  readonly of: <N extends RuleName>(name: N) => Rule<ValueOf<N>>;
}

/** Rules of `jurisdiction` on `on` (a day) among `sets`: the highest level first, of one level the latest `from`, then the greatest id.
 *  @throws ERR_SETTLEMENT_INPUT for sets of another shape, ERR_SETTLEMENT_TWICE for two sets of one id, of
 *  which a statement could not say which it used, ERR_SETTLEMENT_RULES when none is in force. */
export function rulesFor(options: {
  readonly sets: readonly RuleSet[];
  readonly jurisdiction: string;
  readonly on: string;
}): Rules {
  const { jurisdiction, on } = options;
  const sets = options.sets.map((set) => readInput(RuleSet, set, "rule set"));
  const ids = new Set<string>();
  for (const { id } of sets) {
    if (ids.has(id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `rule set ${id}` });
    ids.add(id);
  }
  const inForce = sets
    .filter((set) => set.jurisdictions.includes(jurisdiction) || set.jurisdictions.includes("*"))
    .filter((set) => set.from <= on && (set.until === undefined || on <= set.until))
    .toSorted(higherFirst);
  if (inForce.length === 0) throw new SluiceError("ERR_SETTLEMENT_RULES", { jurisdiction, rule: "any rule", on });
  const rules = new Map<RuleName, Rule<unknown>>();
  const counts = new Map<string, number>();
  for (const name of Object.keys(RULE_ROWS) as RuleName[]) {
    const set = inForce.find(({ parameters }) => parameters[name] !== undefined);
    const found = set?.parameters[name];
    if (set === undefined || found === undefined) continue;
    const { value, source, assumed } = found;
    const reference = { id: RULE_ROWS[name], set: set.id, source, ...(assumed === undefined ? {} : { assumed }) };
    rules.set(name, { value, reference });
    counts.set(set.id, (counts.get(set.id) ?? 0) + 1);
  }
  return {
    jurisdiction,
    on,
    sets: [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([id]) => id),
    held: Object.fromEntries(rules),
    of: <N extends RuleName>(name: N) => {
      const rule = rules.get(name);
      if (rule === undefined)
        throw new SluiceError("ERR_SETTLEMENT_RULES", { jurisdiction, rule: RULE_ROWS[name], on });
      return rule as Rule<ValueOf<N>>;
    },
  };
}

function higherFirst(a: RuleSet, b: RuleSet): number {
  const levels = RULE_LEVELS.indexOf(b.level) - RULE_LEVELS.indexOf(a.level);
  if (levels !== 0) return levels;
  if (a.from !== b.from) return a.from < b.from ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
