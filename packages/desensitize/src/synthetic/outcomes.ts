/** A profiled column as outcomes with weights: its bins, then other values, then none. What an outcome stands for is drawn
 *  inside its band, so that no value is one of a person.
 *  @module */
import { MAX_PAIR_BINS, REST_BIN, type ColumnProfile, type ResourceField } from "@sluice/protocol";
import type { StoredValue } from "../transform/column.ts";
import type { RowRng } from "./rng.ts";

const DAY_MS = 86_400_000;

/** A column that rows can follow. */
export interface ProfiledColumn {
  readonly field: ResourceField;
  /** Persons of each outcome. */
  readonly weights: readonly number[];
  /** Bin of each outcome in pairs. */
  readonly pairBins: readonly number[];
  /** A value of an outcome. */
  value(outcome: number, rng: RowRng): StoredValue;
}

/** The column; null when the profile only knows its shape, or does not fit its type. */
export function profiledColumn(field: ResourceField, profile: ColumnProfile | undefined): ProfiledColumn | null {
  if (profile === undefined || profile.kind === "shape" || !fits(field, profile)) return null;
  const bins = binWeights(profile);
  const other = profile.kind === "values" ? (profile.other ?? 0) : 0;
  const weights = [...bins, other, profile.missing ?? 0];
  const pairBins = weights.map((_, i) => (i < bins.length && i < MAX_PAIR_BINS ? i : REST_BIN));
  const drawn = drawer(field, profile);
  const value = (outcome: number, rng: RowRng): StoredValue => (outcome > bins.length ? null : drawn(outcome, rng));
  return { field, weights, pairBins, value };
}

function fits({ type }: ResourceField, profile: ColumnProfile): boolean {
  switch (profile.kind) {
    case "values":
      return (
        type === "text" ||
        (type === "boolean" && profile.values.every(({ value }) => value === "true" || value === "false"))
      );
    case "numbers":
      return type === "integer" || type === "decimal";
    case "dates":
      return type === "date";
    case "shape":
      return false;
  }
}

type Binned = Exclude<ColumnProfile, { kind: "shape" }>;

function binWeights(profile: Binned): number[] {
  if (profile.kind === "values") return profile.values.map(({ persons }) => persons);
  const common = profile.kind === "numbers" ? profile.common.map(({ persons }) => persons) : [];
  return [...profile.persons, ...common];
}

function drawer(field: ResourceField, profile: Binned): (outcome: number, rng: RowRng) => StoredValue {
  switch (profile.kind) {
    case "values": {
      const texts = [...profile.values.map(({ value }) => value), otherText(field, profile)];
      return field.type === "boolean" ? (outcome) => texts[outcome] === "true" : (outcome) => texts[outcome] ?? null;
    }
    case "numbers": {
      const { edges, persons, common } = profile;
      return (outcome, rng) => {
        const single = common[outcome - persons.length];
        const between = (edges[outcome] ?? 0) + rng.uniform() * ((edges[outcome + 1] ?? 0) - (edges[outcome] ?? 0));
        const number = single?.value ?? between;
        return field.type === "integer" ? Math.floor(number) : number;
      };
    }
    case "dates": {
      const days = profile.edges.map((edge) => Date.parse(edge) / DAY_MS);
      return (outcome, rng) => {
        const [from = 0, to = 0] = [days[outcome], days[outcome + 1]];
        return new Date((from + rng.integer(to - from)) * DAY_MS).toISOString().slice(0, 10);
      };
    }
  }
}

/** Stands for values that were not listed: of codes a code that is none of them, of words one that says so. */
function otherText({ name }: ResourceField, { values }: Extract<Binned, { kind: "values" }>): string {
  const [first = ""] = values.map(({ value }) => value);
  const codes = values.every(({ value }) => /^\d+$/u.test(value) && value.length === first.length);
  const made = codes ? "9".repeat(first.length) : `${name}-other`;
  return values.some(({ value }) => value === made) ? `${name}-other-values` : made;
}
