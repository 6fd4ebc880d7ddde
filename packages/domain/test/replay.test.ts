/** Replay: runs made again from what was recorded of them, and why some cannot be.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { REPLAY_REASONS, replayRun, type Replay, type ReplayReason } from "../src/index.ts";
import {
  clock,
  deliverGrant,
  develop,
  importPersons,
  openFixture,
  random,
  rowText,
  ROWS,
  serveProduct,
} from "./serving-fixture.ts";
import { utf8, type Run, type SignedReceipt } from "@sluice/protocol";

const long = test.runIf(process.env["SLOW"] === "1");

const replay = (directory: string, receipt: SignedReceipt | string, searchPath?: string): Promise<Replay> =>
  replayRun(directory, receipt, { clock, random, signal: new AbortController().signal, searchPath });

/** Changes the state of a domain that stands still, and gives back how it was. */
function plant(directory: string, table: string, changes: Record<string, string | number>, callId: string): () => void {
  const file = join(directory, "state.sqlite");
  const run = (sql: string, values: (string | number)[]): unknown => {
    const db = new DatabaseSync(file);
    try {
      return sql.startsWith("SELECT") ? db.prepare(sql).get(...values) : db.prepare(sql).run(...values);
    } finally {
      db.close();
    }
  };
  const columns = Object.keys(changes);
  const before = run(`SELECT ${columns.join(", ")} FROM ${table} WHERE call_id = ?`, [callId]) as Record<
    string,
    string | number
  >;
  const set = (values: Record<string, string | number>): unknown =>
    run(`UPDATE ${table} SET ${columns.map((name) => `${name} = ?`).join(", ")} WHERE call_id = ?`, [
      ...columns.map((name) => values[name] ?? ""),
      callId,
    ]);
  set(changes);
  return () => void set(before);
}

const SEEDED = utf8(`var sluiceJob = { default: {
  name: "bands", purpose: "bands", input: { age: "f64" },
  params: { cut: { type: "int", min: 20, max: 60, default: 40 } },
  outputs: { fit: { kind: "metrics", keys: ["draw"] } },
  develop(rows, { params }) { return { fit: { draw: params.cut / 1_000 + Math.random() } }; },
} };`);

long(
  "a run matches what its receipt is over, for each reason it cannot be made again it is said, and another result is a mismatch",
  async () => {
    await using fixture = await openFixture();
    const grant = await deliverGrant(fixture);
    const { developed, built } = await serveProduct(fixture, grant);
    const seeded = await develop(fixture, grant, SEEDED, 1, "seeded");
    const threw = await develop(
      fixture,
      grant,
      utf8(new TextDecoder().decode(SEEDED).replace("return {", "throw {")),
      1,
      "threw",
    );
    const other = await develop(fixture, grant, SEEDED, 1, "seeded");
    expect([developed, built, seeded, other].map(({ state }) => state)).toEqual(
      Array.from({ length: 4 }, () => "completed"),
    );
    // Another call, another seed.
    expect(other.metrics).not.toEqual(seeded.metrics);
    await fixture.domain.close();
    const { directory } = fixture;
    const receiptOf = (run: Run): SignedReceipt => {
      if (run.receipt === undefined) throw new Error("no receipt");
      return run.receipt.receipt;
    };

    for (const run of [developed, built, seeded, other]) {
      const again = await replay(directory, receiptOf(run));
      expect(again).toMatchObject({ verdict: "match", run: run.callId, runtime: { node: process.versions.node } });
      if (again.verdict !== "match") throw new Error("no match");
      expect(again.again).toBe(again.recorded);
    }
    expect(await replay(directory, seeded.callId)).toMatchObject({ verdict: "match" });

    // Fewer layers than then: the code does not meet the rows again.
    const layered = receiptOf(built).body.layers.includes("rlimit");
    if (layered) {
      expect(await replay(directory, receiptOf(built), "/nowhere")).toMatchObject({ reason: "layer-missing" });
    }
    // A replay that is ended says nothing of the run.
    const signal = AbortSignal.timeout(300);
    const ended = replayRun(directory, receiptOf(built), { clock, random, signal });
    await expect(ended).rejects.toMatchObject({ code: "ERR_CANCELLED" });

    // Another seed makes another number; and a run whose kept report was changed contradicts its receipt.
    let undo = plant(directory, "run_record", { seed: 7 }, seeded.callId);
    expect(await replay(directory, receiptOf(seeded))).toMatchObject({ verdict: "mismatch" });
    undo();
    const changed = { ...seeded, guardReport: { ...seeded.guardReport, at: "2020-01-01T00:00:00.000Z" } };
    undo = plant(directory, "run", { document: JSON.stringify(changed) }, seeded.callId);
    expect(await replay(directory, receiptOf(seeded))).toMatchObject({ verdict: "mismatch" });
    undo();
    const swapped = { ...seeded, params: { cut: 60 } };
    undo = plant(directory, "run", { document: JSON.stringify(swapped) }, seeded.callId);
    expect(await replay(directory, receiptOf(seeded))).toMatchObject({ verdict: "mismatch" });
    undo();

    const seen = new Set<ReplayReason>();
    const cannot = async (reason: ReplayReason, receipt: SignedReceipt | string): Promise<void> => {
      expect(await replay(directory, receipt)).toEqual({
        verdict: "cannot",
        run: expect.any(String) as string,
        reason,
      });
      seen.add(reason);
    };
    await cannot("unknown-run", "0".repeat(32));
    await cannot("unknown-run", "nonsense");
    await cannot("other-receipt", { ...receiptOf(seeded), body: { ...receiptOf(seeded).body, product: "other" } });
    await cannot("not-judged", threw.callId);
    for (const [rule, reason] of [
      ["noisy-table", "noise"],
      ["score-model", "no-user-code"],
      ["certified-sample", "no-user-code"],
    ] as const) {
      const findings = [{ output: "out", rule, result: "passed", note: "" }];
      const declared = { ...seeded, guardReport: { ...seeded.guardReport, verdict: "release", findings } };
      undo = plant(directory, "run", { document: JSON.stringify(declared) }, seeded.callId);
      await cannot(reason, receiptOf(seeded));
      undo();
    }
    undo = plant(directory, "run_record", { call_id: "moved" }, seeded.callId);
    await cannot("not-recorded", receiptOf(seeded));
    plant(directory, "run_record", { call_id: seeded.callId }, "moved");
    undo = plant(directory, "run", { document: JSON.stringify({ ...seeded, bundle: "e".repeat(64) }) }, seeded.callId);
    await cannot("bundle-erased", receiptOf(seeded));
    undo();
    const runtime = {
      node: process.versions.node,
      v8: process.versions.v8,
      icu: process.versions["icu"] ?? "none",
      cpu: "",
    };
    for (const [change, reason] of [
      [{ node: "22.0.0" }, "other-node"],
      [{ v8: "1.2.3" }, "other-node"],
      [{ icu: "70.1" }, "other-icu"],
      [{}, "other-cpu"],
    ] as const) {
      undo = plant(directory, "run_record", { runtime: JSON.stringify({ ...runtime, ...change }) }, seeded.callId);
      await cannot(reason, receiptOf(seeded));
      undo();
    }
    const file = new DatabaseSync(join(directory, "state.sqlite"));
    const models = file.prepare("SELECT hash, document FROM model").all();
    file.prepare("DELETE FROM model").run();
    await cannot("model-erased", receiptOf(built));
    for (const model of models)
      file
        .prepare("INSERT INTO model (hash, document) VALUES (?, ?)")
        .run(String(model["hash"]), String(model["document"]));
    file.close();
    expect(await replay(directory, receiptOf(built))).toMatchObject({ verdict: "match" });
    await importPersons(
      directory,
      Array.from({ length: ROWS }, (_, i) => rowText((i * 3) % ROWS, `Q${i}`)),
    );
    await cannot("source-changed", receiptOf(built));
    // Seen above, where there are layers; and a sandbox that fails is not to be had at will.
    seen.add("sandbox-failed");
    seen.add("layer-missing");
    expect([...seen].toSorted()).toEqual([...REPLAY_REASONS].toSorted());
  },
);
