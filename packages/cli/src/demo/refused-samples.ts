/** What the rules for tables, samples and tables with noise refuse: a sample that tells too much, cuts that cross those of an
 *  earlier sample, a column that an officer keeps back, labels that copy a column, a table that no budget pays for, and one that
 *  is not as good as its department wants it.
 *  @module */
import { isSluiceError, Policy, utf8, type Bytes, type ColumnType } from "@sluice/protocol";
import { grantScene } from "./govern.ts";
import { developJob, releaseAndBuild, runFailure } from "./product.ts";
import type { RefusalCase } from "./refusals.ts";
import { grantBody, signGrant, usualTerms, type SceneSpec } from "./scene.ts";
import { deliverToDomain, walkedProduct, type Scenery } from "./scenery.ts";
import { EXCLUDED } from "./tables-desk.ts";

/** Rows of a sample in which groups are small, however large the city is. */
const FEW_ROWS = 200;
/** Price of a table with noise that is more than any budget of the walk. */
const DEAR_RHO = "1.5";

/** Refusals of samples and of answers that say too much of them. */
export const sampleCases: RefusalCase[] = [
  {
    name: "sample-risky",
    code: "ERR_SAMPLE_GATE",
    refusedBy: "domain",
    resource: "social-insurance",
    // What anybody may have needs 21 persons in each group, and of so few rows most groups have fewer.
    attempt: (scenery) =>
      sampleUnder(scenery, scenery.spec, ({ gate: _gate, ...policy }) => ({
        ...policy,
        sharing: "public" as const,
        sample: { ...policy.sample, rows: Math.min(FEW_ROWS, policy.sample.rows) },
        suppressionLimit: 0.5,
      })),
  },
  {
    name: "cuts-crossing",
    code: "ERR_POLICY",
    refusedBy: "domain",
    resource: "social-insurance",
    attempt: (scenery) =>
      sampleUnder(scenery, scenery.spec, (policy) => ({
        ...policy,
        columns: {
          ...policy.columns,
          months_insured: { role: "other", transform: { kind: "bucket", width: 18, min: 0, max: 480 } },
        },
      })),
  },
  {
    name: "column-excluded",
    code: "ERR_GRANT_FIELD",
    refusedBy: "gateway",
    kind: "report",
    resource: EXCLUDED.resource,
    attempt: excludedColumn,
  },
  { name: "label-copies-column", code: "ERR_GUARD_OUTPUT", refusedBy: "guard", attempt: copiedColumn },
  { name: "budget-spent", code: "ERR_PRIVACY_BUDGET", refusedBy: "domain", kind: "noisy-report", attempt: dearTable },
  { name: "quality-below-rules", code: "ERR_QUALITY", refusedBy: "domain", below: true, attempt: launchBelow },
];

/** A job on the sample of another policy than the one that was granted for `spec`. */
async function sampleUnder({ running }: Scenery, spec: SceneSpec, change: (policy: Policy) => Policy): Promise<void> {
  const name = nameOf("sample");
  const grant = await grantScene(running, { ...spec, policy: change(spec.policy) }, usualTerms(name, new Date()));
  const run = await developJob(
    running,
    grant,
    name,
    reading(spec.purpose, { age: "f64", region: "dict", months_insured: "f64" }),
  );
  if (run.state !== "completed") throw runFailure(run);
}

/** A column that an officer keeps back: it is in no catalogue, and a signed grant that a stolen gateway brings is refused, too. */
async function excludedColumn(scenery: Scenery): Promise<void> {
  const { running } = scenery;
  const { spec } = walkedProduct(scenery, "report");
  const columns = { ...spec.policy.columns, [EXCLUDED.field]: { role: "sensitive", transform: { kind: "keep" } } };
  const policy = Policy.parse({ ...spec.policy, columns });
  const asked = { ...spec, policy, fields: [...spec.fields, { name: EXCLUDED.field, need: "a third dimension" }] };
  const terms = usualTerms(nameOf("excluded"), new Date());
  const grant = await signGrant(running.city.keys, spec.department, await grantBody(running.city.keys, asked, terms));
  const ofHealth = { ...scenery, spec };
  try {
    await deliverToDomain(ofHealth, "/v1/grants", utf8(JSON.stringify({ grant, policy })), "application/json");
    return;
  } catch (error) {
    if (!isSluiceError(error, "ERR_POLICY")) throw error;
  }
  await grantScene(running, asked, terms);
}

/** A job whose label is a column in other words: reviewed and released, its build is refused. */
async function copiedColumn(scenery: Scenery): Promise<void> {
  const { running, spec, grant } = scenery;
  const product = nameOf("copied");
  const code = reading(
    spec.purpose,
    { age: "f64" },
    {
      outputs: { band: { kind: "labels", vocabulary: ["A", "B", "C"] } },
      produce: "(rows) => ({ band: Uint8Array.from(rows.age.values, (age) => (age < 40 ? 0 : age < 60 ? 1 : 2)) })",
    },
  );
  const run = await developJob(running, grant, product, code);
  if (run.state !== "completed") throw runFailure(run);
  try {
    await releaseAndBuild(running, spec.department, grant, run);
  } catch (error) {
    if (!isSluiceError(error, "ERR_GUARD_OUTPUT") || error.details["rule"] === "labels-copy") throw error;
  }
}

/** A table with noise that costs more than is left: reviewed and released, its build is refused before a row is read. */
async function dearTable(scenery: Scenery): Promise<void> {
  const { spec, kept } = walkedProduct(scenery, "noisy-report");
  const dear = {
    kind: "noisy-table",
    dimensions: [{ name: "age", field: "age", levels: ["younger", "older"], breaks: [40] }],
    measures: [],
    contribution: { rows: 1, groups: 1 },
    loss: { mechanism: "gaussian", rho: DEAR_RHO },
  };
  const product = nameOf("dear");
  const run = await developJob(
    scenery.running,
    kept.grant,
    product,
    reading(spec.purpose, { age: "f64" }, { outputs: { dear } }),
  );
  if (run.state !== "completed") throw runFailure(run);
  await releaseAndBuild(scenery.running, spec.department, kept.grant, run);
}

/** A data set of a table that is below its rules: developed on a sample, reviewed and released, its build is refused. */
async function launchBelow({ running, below }: Scenery): Promise<void> {
  if (below === undefined) throw new RangeError("no table is below its rules");
  const product = nameOf("below");
  const grant = await grantScene(running, below, usualTerms(product, new Date()));
  const outputs = { filings: { kind: "dataset", fields: ["region", "industry"], days: 30 } };
  const input = { region: "dict", industry: "dict" } as const;
  const run = await developJob(running, grant, product, reading(below.purpose, input, { outputs }));
  if (run.state !== "completed") throw runFailure(run);
  await releaseAndBuild(running, below.department, grant, run);
}

/** A job that counts the rows of its sample, and what else it has. */
function reading(
  purpose: string,
  input: Readonly<Record<string, ColumnType>>,
  { outputs = {}, produce }: { outputs?: Readonly<Record<string, object>>; produce?: string } = {},
): Bytes {
  const declared = { fit: { kind: "metrics", keys: ["rows"] }, ...outputs };
  return utf8(`var sluiceJob = { default: {
    name: "reading", purpose: "${purpose}", input: ${JSON.stringify(input)}, outputs: ${JSON.stringify(declared)},
    develop: (rows) => ({ fit: { rows: rows.rowCount } }),
    ${produce === undefined ? "" : `produce: ${produce},`}
  } };`);
}

function nameOf(what: string): string {
  return `${what}-${Date.now().toString(36)}`;
}
