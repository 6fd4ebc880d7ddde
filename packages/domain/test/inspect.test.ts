/** Inspection: runs of planted leaks and of honest jobs, made again by somebody else.
 *  @module */
import { randomBytes } from "node:crypto";
import { documentHash, sha256Hex, utf8, type Bytes, type Run } from "@sluice/protocol";
import { expect, test } from "vitest";
import { inspectRun, startDomain, type Inspection } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  develop,
  importPersons,
  JOB,
  openFixture,
  random,
  rowText,
  ROWS,
  serveProduct,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");
const inspect = (directory: string, run: string): Promise<Inspection> =>
  inspectRun(directory, run, { clock, random, signal: new AbortController().signal });

/** The fixture's job with another `produce` and these words. */
const jobOf = (produce: string, words: string): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "bands", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, band: { kind: "labels", vocabulary: ${words} } },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
  produce(rows) { return { band: Uint8Array.from(rows.age.values, (age, i) => ${produce}) }; },
} };`);

/** A job whose model says of a person's age what the region tells. */
const MEASURED = utf8(`var sluiceJob = { default: {
  name: "measured", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { model: { kind: "linear-model", maxParameters: 4, target: "age", link: "identity" } },
  develop(rows) { return { model: { features: ["region=" + rows.region.dictionary[0]], weights: [1], intercept: 40 } }; },
} };`);

const files = (directory: string): unknown =>
  withState(directory, (db) =>
    db.prepare("SELECT (SELECT count(*) FROM spend) AS spends, (SELECT count(*) FROM event) AS events").get(),
  );

long("an inspector gets the report of a clean run and of a refused leak again, byte for byte", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  const clean = await serveProduct(fixture, grant);
  const built = async (produce: string, words: string, version: number): Promise<Run> =>
    (await serveProduct(fixture, grant, version, { code: jobOf(produce, words), product: "leaks" })).built;
  const copied = await built("rows.region.values[i]", '["a", "b", "c"]', 1);
  const ordered = await built("i % 2", '["a", "b"]', 2);
  const honest = await built("age < 40 ? 0 : 1", '["a", "b"]', 3);
  const measured = await develop(fixture, grant, MEASURED, 1, "measured");
  expect(copied.failure).toMatchObject({ refusedBy: "guard", details: { rule: "labels-copy" } });
  expect(ordered.failure).toMatchObject({ refusedBy: "guard", details: { rule: "labels-order" } });
  expect(honest.state).toBe("completed");

  await expect(inspect(fixture.directory, clean.built.callId)).rejects.toThrow(/locked|ERR_DIRECTORY_LOCKED|in use/u);
  await fixture.domain.close();
  const before = files(fixture.directory);
  for (const run of [clean.developed, clean.built, copied, ordered, honest]) {
    const inspection = await inspect(fixture.directory, run.callId);
    const { at, ...recorded } = run.guardReport ?? { at: "" };
    expect(at).not.toBe("");
    expect(inspection).toMatchObject({
      run: run.callId,
      operation: run.operation,
      same: true,
      recorded,
      again: recorded,
    });
    expect(inspection.againHash).toBe(await documentHash(recorded));
    expect(inspection.sameSource).toBe(run.state === "completed" ? true : null);
  }
  const { channel, bundle } = await inspect(fixture.directory, clean.built.callId);
  expect(bundle).toBe(await sha256Hex(JOB));
  expect(channel).toContainEqual({ output: "band", per: "row", bits: 1 });
  expect(files(fixture.directory)).toEqual(before);
  // The model was measured on rows outside of the sample, in the domain.
  const { evidence } = await inspect(fixture.directory, measured.callId);
  expect(evidence).toMatchObject([{ output: "model", kind: "linear-model" }]);
  const { auc = 0, others = 0 } = evidence[0]?.membership ?? {};
  expect(Math.abs(auc - 0.5)).toBeLessThan(0.2);
  expect(others).toBeGreaterThanOrEqual(100);
  expect(JSON.stringify(measured)).not.toContain("auc");
  // One metric of 3 digits over 15 decades, four parameters of 4 digits over 21, each with a sign, and three names of 4,096.
  const { earlier } = await inspect(fixture.directory, clean.built.callId);
  const bits = (digits: number, decades: number): number => Math.log2(2 * 9 * 10 ** (digits - 1) * decades + 1);
  const [first] = earlier;
  expect(first).toMatchObject({ callId: clean.developed.callId, kind: "development" });
  expect(Math.abs((first?.bits ?? 0) - bits(3, 15) - 4 * bits(4, 21) - 3 * 12)).toBeLessThanOrEqual(1.2);

  // Another table: the output is another, and the inspector is told why.
  const persons = Array.from({ length: ROWS }, (_, i) => rowText((i * 3) % ROWS, `Q${i}`));
  await importPersons(fixture.directory, persons);
  const changed = await inspect(fixture.directory, clean.built.callId);
  expect(changed).toMatchObject({ same: false, sameSource: false });
  expect(changed.again.output).not.toBe(changed.recorded.output);

  for (const unknown of ["nothing", randomBytes(16).toString("hex")]) {
    await expect(inspect(fixture.directory, unknown)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  }
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});
