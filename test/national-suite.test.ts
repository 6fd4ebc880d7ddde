/** The main job with commercial cryptography throughout: every party, the gateway and the domains sign with SM2, tables and
 *  indexes are sealed with SM4, and everything that is refused otherwise is refused here. A long test.
 *  @module */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";
import { runCommandLine } from "../packages/cli/src/command-line.ts";
import type { DemoReport } from "../packages/cli/src/demo/report.ts";

const slow = process.env["SLOW"] === "1";

test.runIf(slow)(
  "the walk on the suite sm2 is as on the other, and nobody signs with Ed25519 but logs",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "sluice-national-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const city = join(directory, "city");
    let stdout = "";
    const silent = { write: () => true };
    // The installation's default, as an operator sets it.
    const code = await runCommandLine(["demo", "--rows", "2000", "--data", city, "--once", "--json"], {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: silent,
      readStdin: () => Promise.resolve(""),
      env: { ...process.env, SLUICE_SUITE: "sm2" },
      signal: AbortSignal.timeout(300_000),
    });
    const report = JSON.parse(stdout) as DemoReport;
    expect(report.refusals.filter(({ ok }) => !ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, receipts: { verified: report.receipts.issued } });
    expect(code).toBe(0);
    const receipts = await readdir(join(city, "evidence", "receipts"));
    expect(receipts).toHaveLength(report.receipts.issued);
    for (const name of receipts) {
      const text = await readFile(join(city, "evidence", "receipts", name), "utf8");
      const suites = [...text.matchAll(/"suite":"([a-z0-9]+)"/g)].map(([, suite]) => suite);
      // The domain's signature and the gateway's booking.
      expect(suites).toEqual(["sm2", "sm2"]);
    }
    for (const domain of ["hrss", "health", "market"]) {
      const keys: unknown = JSON.parse(await readFile(join(city, "domains", domain, "keys", "data.json"), "utf8"));
      expect(keys).toMatchObject({ keys: [{ suite: "sm" }] });
    }
  },
  400_000,
);
