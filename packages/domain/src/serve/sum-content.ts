/** Pairs of key and value whose sums callers ask for: a column of the table as the grant's policy shows it, made from the job's declaration
 *  alone. No user code runs, so that a value holds nothing but its column. What lies beyond the limit is cut, and nobody is
 *  told how often: a refusal over it would tell of rows.
 *  @module */
import { GUARD_RULES, MIN_CELL_SUBJECTS } from "@sluice/desensitize";
import { packEntries } from "@sluice/mpc/psi/sender";
import {
  documentHash,
  isValid,
  SluiceError,
  sumBound,
  type Column,
  type GuardReport,
  type JobManifest,
  type JoinSumSpec,
  type Sha256Hex,
} from "@sluice/protocol";
import { KeyIndex, numberKeys } from "../data/key-index.ts";
import type { KeyColumn } from "../data/key-column.ts";
import type { KeyedTable } from "../data/sample.ts";
import type { Made } from "./build.ts";
import type { DomainContext } from "./context.ts";
import { grantedView } from "./granted-view.ts";
import type { RunWork } from "./guarded-run.ts";
import { joinColumns, joinedEntries } from "./joined-sets.ts";
import { checkPlainColumns } from "./private-answers.ts";
import { RunRefused } from "./run-refused.ts";

const NOTE = "values of a declared column, cut to the declared limit; sums of them are told with noise alone";

/** What the declaration is of. */
export interface DeclaredSum {
  readonly name: string;
  readonly spec: JoinSumSpec;
  readonly manifest: JobManifest;
  readonly bundle: Sha256Hex;
}

/** Reads the pairs. @throws ERR_JOB_MANIFEST when the policy changes the column by a key or shows no numbers; ERR_LOOKUP_TABLE when keys
 *  do not fit; RunRefused when the persons or things that have a value are a handful; ERR_CANCELLED */
export async function sumContent(
  context: DomainContext,
  { run, admitted: { held }, signal }: RunWork,
  { name, spec, manifest, bundle }: DeclaredSum,
): Promise<Made> {
  checkPlainColumns([spec.field], held.policy);
  const join = joinColumns(manifest, held.grant.body);
  const view = { ...grantedView(context, held, signal), fields: [spec.field] };
  const rows = await context.data.readAll(join === undefined ? view : { ...view, join });
  const subjects = await numberKeys(rows.keys, signal);
  const units = unitsOf(rows, spec);
  if (fewHave(subjects, units)) {
    const details = { output: name, rule: "set-cell", change: GUARD_RULES["set-cell"] };
    throw new RunRefused({ code: "ERR_GUARD_OUTPUT", details, refusedBy: "guard" });
  }
  const joined = await joinedEntries(context, { callId: run.callId, held, manifest }, { rows, subjects }, signal);
  const entries = joined?.entries ?? { keys: rows.keys, rows: Uint32Array.from(units.keys()) };
  const totals = await totalsOf(entries, units, sumBound(spec), signal);
  const report: GuardReport = {
    bundle,
    class: "served",
    verdict: "release",
    findings: [{ output: name, rule: "sum-values", result: "passed", note: NOTE }],
    output: await documentHash(spec),
    at: context.clock.now().toISOString(),
  };
  const content = {
    kind: "sum",
    spec,
    ...(joined === null ? {} : { keys: joined.keys }),
    set: packEntries(totals.entries),
    values: totals.values,
  } as const;
  return { content, report, layers: [], keys: rows.keys, sourceSnapshot: rows.snapshot };
}

/** Of each row its value as a whole number of units within the bound; NaN where it has none. */
function unitsOf({ table }: KeyedTable, spec: JoinSumSpec): Float64Array {
  const column: Column | undefined = Object.hasOwn(table.columns, spec.field) ? table.columns[spec.field] : undefined;
  if (column?.type !== "f64" && column?.type !== "i32") {
    const details = { pointer: `/input/${spec.field}`, expected: "a column that the policy shows as numbers" };
    throw new SluiceError("ERR_JOB_MANIFEST", details);
  }
  const [unit, bound] = [10 ** spec.digits, sumBound(spec)];
  return Float64Array.from({ length: table.rowCount }, (_, row) =>
    isValid(column, row) ? cut(Math.round((column.values[row] ?? Number.NaN) * unit), bound) : Number.NaN,
  );
}

/** The guard's rule for sets, over those who have a value. */
function fewHave(subjects: Uint32Array, units: Float64Array): boolean {
  const having = new Set<number>();
  for (const [row, value] of units.entries()) {
    if (!Number.isNaN(value)) having.add(subjects[row] ?? 0);
    if (having.size >= MIN_CELL_SUBJECTS) return false;
  }
  return true;
}

/** The total of each distinct entry that has a value, cut to the bound: partial sums stay whole numbers, whatever their size. */
async function totalsOf(
  { keys, rows }: { readonly keys: KeyColumn; readonly rows: Uint32Array },
  units: Float64Array,
  bound: number,
  signal: AbortSignal,
): Promise<{ entries: Iterable<string>; values: Float64Array }> {
  const totals = new Float64Array(keys.length).fill(Number.NaN);
  await KeyIndex.of(keys, signal, (entry, first) => {
    const value = units[rows[entry] ?? 0] ?? Number.NaN;
    const before = totals[first] ?? Number.NaN;
    if (!Number.isNaN(value)) totals[first] = (Number.isNaN(before) ? 0 : before) + value;
  });
  const kept = Uint32Array.from(totals.keys()).filter((entry) => !Number.isNaN(totals[entry]));
  return {
    entries: textsOf(keys, kept),
    values: Float64Array.from(kept, (entry) => cut(totals[entry] ?? 0, bound)),
  };
}

function* textsOf(keys: KeyColumn, kept: Uint32Array): Generator<string> {
  for (const entry of kept) yield keys.text(entry);
}

/** `value` between minus and plus `bound`; NaN stays what it is. */
function cut(value: number, bound: number): number {
  return Math.min(Math.max(value, -bound), bound);
}
