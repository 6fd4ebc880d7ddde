/** What one sample risks and is worth, out of facts that the domain has read: pure, so that it can be checked by hand.
 *  @module */
import type { ColumnBatch, Policy, RiskReport, SampleVersions, Sha256Hex } from "@sluice/protocol";
import { classRisk, contextRisk, levelOf, MIN_CLASS_PERSONS, overallRisk } from "./annex-d.ts";
import { classSizes } from "./class-sizes.ts";
import { classesOf, personsOf, type Classes } from "./classes.ts";
import { judgeSample } from "./gate.ts";
import { minimalUniques } from "./minimal-uniques.ts";
import { populationOf, type Population } from "./population.ts";
import { journalistRisk, marketerRisk, prosecutorRisk } from "./reidentification.ts";
import { uniqueness } from "./uniqueness.ts";
import { classUtility, fidelity, type TableUtility } from "./utility.ts";

/** Significant digits of the figures of a report: as many on every machine. */
const DIGITS = 6;

/** Facts about one sample. */
export interface RiskFacts {
  readonly policy: Policy;
  readonly policyHash: Sha256Hex;
  readonly sourceSnapshot: Sha256Hex;
  readonly versions: SampleVersions;
  readonly salt: Sha256Hex;
  /** Rows of the table that could be drawn, and persons that they are about. */
  readonly source: { readonly rows: number; readonly persons: number };
  /** The sample before suppression. */
  readonly drawn: { readonly rows: number; readonly persons: number; readonly alone?: number; readonly bestK?: number };
  /** The sample that would go to a job. */
  readonly batch: ColumnBatch;
  /** The person of each of its rows; without it each is about another. */
  readonly subjects?: ArrayLike<number> | undefined;
  readonly quasi: readonly string[];
  /** Columns in which unique combinations are looked for: those a job sees, without pseudonyms. */
  readonly shown: readonly string[];
  /** Persons of the whole table by tuple; absent when there are too many tuples. */
  readonly population?: Population | undefined;
  /** Where the model changed quasi-identifiers after the policy's transforms: its number for the class of each row of the batch,
   *  and of each tuple, or -1. */
  readonly recoded?: { readonly ofRow: Int32Array; readonly ofTuple: Int32Array } | undefined;
  readonly residual: RiskReport["residual"];
  readonly transformFailures: RiskReport["transformFailures"];
  /** Penalty of the anonymity model. */
  readonly loss?: number | undefined;
  /** What the model found, or that it could not be kept; absent when the policy asks for k alone. */
  readonly model?: RiskReport["model"] | "not kept" | undefined;
  readonly utility?: TableUtility | undefined;
}

/** The report. @throws ERR_POLICY_COLUMN when the batch lacks a column that is named */
export function assessRisk(facts: RiskFacts): RiskReport {
  const { policy, batch, subjects, quasi, drawn, source, population } = facts;
  const sharing = policy.sharing ?? "controlled";
  const minPersons = MIN_CLASS_PERSONS[sharing];
  const classes = classesOf(batch, quasi);
  const persons = personsOf(classes, subjects);
  const among =
    population === undefined
      ? undefined
      : populationOf(classes.count, classesOfTuples(classes, population, facts.recoded), population.persons);
  const personCount = subjects === undefined ? batch.rowCount : new Set(Array.from(subjects)).size;
  const ofClasses = classRisk(persons, sharing);
  const context = contextRisk(sharing, policy.gate?.context, source.persons === 0 ? 1 : personCount / source.persons);
  const overall = overallRisk(sharing, ofClasses, context);
  const k = persons.reduce((least, n) => Math.min(least, n), batch.rowCount);
  const { residual, transformFailures, loss, model } = facts;
  const modelKept = model === undefined ? undefined : model !== "not kept";
  const counts = { drawnRows: drawn.rows, sampleRows: batch.rowCount };
  const gate = judgeSample({ policy, k, overallRisk: overall, modelKept, residual, transformFailures, ...counts });
  const alone = uniqueness(persons, among ?? persons);
  const suppressedRows = drawn.rows - batch.rowCount;
  const suppressedShare = drawn.rows === 0 ? 0 : suppressedRows / drawn.rows;
  return rounded({
    type: "risk-report",
    resource: policy.resource,
    policy: facts.policyHash,
    sourceSnapshot: facts.sourceSnapshot,
    versions: facts.versions,
    salt: facts.salt,
    sharing,
    counts: { sourceRows: source.rows, ...counts, suppressedRows, persons: personCount, classes: classes.count },
    quasiIdentifiers: [...quasi],
    k,
    ...(model === undefined || model === "not kept" ? {} : { model }),
    ...(drawn.bestK === undefined ? {} : { bestK: drawn.bestK }),
    classSizes: classSizes(persons),
    classRisk: { minPersons, ...ofClasses },
    contextRisk: { ...context, stated: policy.gate?.context !== undefined },
    overallRisk: overall,
    level: levelOf(overall, residual.length),
    attackers: {
      prosecutor: prosecutorRisk(persons, minPersons),
      ...(among === undefined
        ? {}
        : { journalist: journalistRisk(persons, among, minPersons), marketer: marketerRisk(persons, among) }),
    },
    uniqueness: {
      sample: alone.sample,
      ...(among === undefined ? {} : { population: alone.population }),
      ...(drawn.alone === undefined || drawn.persons === 0 ? {} : { drawn: drawn.alone / drawn.persons }),
    },
    minimalUniques: mutable(minimalUniques(batch, facts.shown)),
    residual,
    transformFailures,
    utility: {
      suppressedShare,
      ...classUtility(classes, { k: policy.k, suppressedRows, drawnRows: drawn.rows }),
      ...(loss === undefined ? {} : { loss }),
      columns: facts.utility?.columns ?? [],
      ...(facts.utility?.correlation === undefined ? {} : { correlation: facts.utility.correlation }),
      ...(facts.utility === undefined ? {} : { fidelity: fidelity(facts.utility, suppressedShare) }),
    },
    gate,
    verdict: gate.every(({ passed }) => passed) ? "passed" : "refused",
  });
}

/** Class of each tuple, in our numbers: two partitions of the same rows may be numbered differently. */
function classesOfTuples(classes: Classes, { tuples }: Population, recoded: RiskFacts["recoded"]): Int32Array {
  if (recoded === undefined) return classes.find(tuples);
  const ours = new Map(Array.from(recoded.ofRow, (theirs, row) => [theirs, classes.ofRow[row] ?? -1]));
  return recoded.ofTuple.map((theirs) => ours.get(theirs) ?? -1);
}

function mutable(found: ReturnType<typeof minimalUniques>): NonNullable<RiskReport["minimalUniques"]> {
  const { columns, maxColumns, bySize, rows, byColumn } = found;
  return { columns: [...columns], maxColumns, bySize: [...bySize], rows, byColumn: [...byColumn] };
}

/** `report` with every number that is no whole one cut to DIGITS. The verdict was made on the exact ones. */
function rounded(report: RiskReport): RiskReport {
  return JSON.parse(JSON.stringify(report), (_, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value,
  ) as RiskReport;
}
