/** What an agreement on a sum over several domains says when its author leaves it out.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "@sluice/client";
import { generateKey, type TrustPins } from "@sluice/evidence";
import { expect, test } from "vitest";
import { draftAgreement } from "../src/aggregate/agreement-file.ts";

const BANDS = { kind: "histogram", column: "age", edges: [30] };

test("counts of groups without noise have cells of ten persons unless more are asked for; other sums have no cells", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-aggregate-plan-"));
  const key = async () => (await generateKey()).keyId;
  const names = ["north", "south", "east"];
  const pinned = names.map(async (name) => {
    const pins = { receiptKey: await key(), logKey: await key(), logOrigin: name, departmentKey: await key() };
    return [name, pins] as const;
  });
  const trust: TrustPins = {
    domains: Object.fromEntries(await Promise.all(pinned)),
    gateway: { key: await key(), logKey: await key(), logOrigin: "gateway" },
    agencyKey: await key(),
  };
  const file = join(directory, "spec.json");
  const cellsOf = async (change: Record<string, unknown>): Promise<number | undefined> => {
    const spec = {
      population: "everyone",
      rowsAtMost: 100,
      rowsAtLeast: 1,
      rowsOfPerson: 1,
      deadline: "2026-12-31T00:00:00.000Z",
      roundSeconds: 60,
      domains: Object.fromEntries(names.map((name, i) => [name, String(i).repeat(64)])),
      ...change,
    };
    await writeFile(file, JSON.stringify(spec));
    return (await draftAgreement(file, trust, systemRandom)).terms.cellAtLeast;
  };
  try {
    expect(await cellsOf({ statistic: BANDS })).toBe(10);
    expect(await cellsOf({ statistic: BANDS, cellAtLeast: 25 })).toBe(25);
    await expect(cellsOf({ statistic: BANDS, cellAtLeast: 9 })).rejects.toMatchObject({ code: "ERR_USAGE" });
    const noise = { kind: "discrete-gaussian", variance: "40000" };
    expect(await cellsOf({ statistic: BANDS, noise })).toBeUndefined();
    expect(await cellsOf({ statistic: { kind: "count" } })).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
