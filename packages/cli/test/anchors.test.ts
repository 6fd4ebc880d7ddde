/** `sluice anchor list`, `sluice anchor check`, and `sluice verify` on logs that were anchored.
 *  @module */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { anchorRecordText, readAnchorRecord } from "@sluice/evidence/verify";
import { utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { hasOpenssl } from "../../evidence/test/openssl-authority.ts";
import { copyAnchors } from "../src/audit/copy-anchors.ts";
import { CHAIN_ANSWER } from "./anchor-servers.ts";
import { anchoredHome, forgeLog, type AnchoredHome } from "./anchored-home.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

/** A folder of evidence from copies of the home's log and records. */
async function folderOf({ directory, trust }: AnchoredHome): Promise<string> {
  const folder = await temporaryDirectory();
  await writeFile(join(folder, "trust.json"), JSON.stringify(trust));
  await mkdir(join(folder, "logs"));
  await cp(join(directory, "log"), join(folder, "logs/gateway"), { recursive: true });
  await cp(join(directory, "anchors"), join(folder, "anchors/gateway"), { recursive: true });
  return folder;
}

test.skipIf(!hasOpenssl())("an operator sees what was anchored, and that the log continues it", async () => {
  const { directory, trust } = await anchoredHome(await temporaryDirectory(), 300);
  const list = await sluice(["anchor", "list", directory]);
  expect(list.stdout).toMatch(/^LOG +ANCHOR +KIND +EVERY +RECORDS +LAST\n/);
  expect(list.stdout).toMatch(/^gateway +tsa +timestamp +60 min +1 +300 entries at 20\S+Z$/m);
  expect(list.stdout).toMatch(/^gateway +chain +webhook +1440 min +1 +300 entries at 20\S+Z$/m);
  const printed = JSON.parse((await sluice(["anchor", "list", directory, "--json"])).stdout) as { pins: unknown };
  expect(printed.pins).toEqual(trust.anchors);
  const check = await sluice(["anchor", "check", directory]);
  expect([check.code, check.stderr]).toEqual([0, ""]);
  expect(check.stdout).toMatch(/^gateway +tsa +1 +1 +300 entries at 20\S+Z, time-stamped$/m);
  const { checkpointSha256 } = JSON.parse(await readFile(join(directory, "anchors/chain/300.json"), "utf8")) as {
    checkpointSha256: string;
  };
  expect(check.stdout).toContain(`look for ${checkpointSha256} on the chain`);
  expect(await readFile(join(directory, "anchors/chain/300.answer"), "utf8")).toBe(CHAIN_ANSWER);
  const json = JSON.parse((await sluice(["anchor", "check", directory, "--json"])).stdout) as { ok: boolean };
  expect(json.ok).toBe(true);
  // Later entries change nothing.
  await forgeLog(directory, 700);
  expect((await sluice(["anchor", "check", directory])).code).toBe(0);
});

test.skipIf(!hasOpenssl())(
  "a log that its own key signed again, shorter or otherwise, is named: it was anchored before",
  async () => {
    const home = await anchoredHome(await temporaryDirectory(), 300);
    for (const [size, from, message] of [
      [299, 0, "the log has 299 entries, and had 300 when they were anchored: it was cut off"],
      [400, 1, "the first 300 entries of the log are not those that were anchored: it was rewritten"],
    ] as const) {
      await forgeLog(home.directory, size, from);
      const check = await sluice(["anchor", "check", home.directory]);
      expect([check.code, check.stdout]).toEqual([1, expect.stringMatching(/^gateway +tsa +1 +0 *$/m)]);
      expect(check.stderr).toContain(
        `anchors/gateway/tsa/300.json\nerror ERR_ANCHOR: anchor tsa/300 does not hold: ${message}\n`,
      );
      const folder = await folderOf(home);
      const verify = await sluice(["verify", folder]);
      expect([verify.code, verify.stdout]).toEqual([1, expect.stringMatching(/^log gateway +1 +1 /m)]);
      expect(verify.stderr).toContain(
        `first failing file: anchors/gateway/tsa/300.json\nerror ERR_ANCHOR: anchor tsa/300 does not hold: ${message}\n`,
      );
      // Without pins of anchors, the same folder is beyond reproach but for records that nobody pinned.
      await writeFile(join(folder, "trust.json"), JSON.stringify({ ...home.trust, anchors: undefined }));
      expect((await sluice(["verify", folder])).stderr).toContain("it is not pinned for this log");
      await rm(join(folder, "anchors"), { recursive: true });
      expect((await sluice(["verify", folder])).code).toBe(0);
    }
  },
);

test.skipIf(!hasOpenssl())(
  "records of pinned anchors must be there, whole, of this log and under the pinned CA",
  async () => {
    const home = await anchoredHome(await temporaryDirectory(), 3);
    const folder = await folderOf(home);
    const whole = await sluice(["verify", folder]);
    expect([whole.code, whole.stderr]).toEqual([0, ""]);
    expect(whole.stdout).toMatch(/^anchor tsa of gateway +1 +1 +3 entries at 20\S+Z, time-stamped$/m);
    expect(whole.stdout).toMatch(
      /^anchor chain of gateway +1 +1 +3 entries at .+; look for [0-9a-f]{64} on the chain$/m,
    );
    const tsr = join(folder, "anchors/gateway/tsa/3.tsr");
    const bytes = await readFile(tsr);
    await writeFile(tsr, bytes.with(100, (bytes[100] ?? 0) ^ 1));
    expect((await sluice(["verify", folder])).stderr).toContain("anchor tsa/3.tsr does not hold: its SHA-256 is not");
    await writeFile(tsr, bytes);
    const { anchors } = home.trust;
    const other = (await anchoredHome(await temporaryDirectory(), 1)).trust.anchors;
    const { caPem } = other?.["tsa"]?.kind === "timestamp" ? other["tsa"] : { caPem: "" };
    for (const [changed, message] of [
      [{ ...anchors, tsa: { kind: "timestamp", caPem, logs: ["gateway"] } }, "does not lead to a pinned one"],
      [{ ...anchors, tsa: { kind: "timestamp", caPem: "none", logs: ["gateway"] } }, "1 to 8 certificates in PEM"],
      [
        { ...anchors, chain: { kind: "webhook", logs: ["gateway", "hrss"] } },
        "it is pinned, and there is no record of it",
      ],
      [{ tsa: anchors?.["tsa"] }, "anchor gateway/chain does not hold: it is not pinned for this log"],
    ] as const) {
      await writeFile(join(folder, "trust.json"), JSON.stringify({ ...home.trust, anchors: changed }));
      const { code, stderr } = await sluice(["verify", folder]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    }
  },
);

test("a directory without anchors has none to list, and one that is nobody's is refused", async () => {
  const directory = await temporaryDirectory();
  expect((await sluice(["anchor", "list", directory])).stderr).toContain("ERR_DIRECTORY_STATE");
  await writeFile(join(directory, "domain.json"), "{}");
  expect((await sluice(["anchor", "check", directory])).stderr).toContain("ERR_DIRECTORY_STATE");
});

test.skipIf(!hasOpenssl())(
  "an export takes the records of its period and the last before it, as far as its log goes",
  async () => {
    const home = await anchoredHome(await temporaryDirectory(), 3);
    const whole = readAnchorRecord(
      new Uint8Array(await readFile(join(home.directory, "anchors/chain/3.json"))),
      "3.json",
    );
    const times = ["2026-03-01", "2026-02-20", "2026-02-01", "2026-01-20", "2026-01-01"];
    const sizes = [50, 40, 30, 20, 10];
    const files = new Map(
      sizes.map((size, i) => [`${size}.json`, anchorRecordText({ ...whole, size, at: `${times[i]}T00:00:00.000Z` })]),
    );
    const pin = { kind: "webhook" as const, logs: ["gateway"] };
    const copied = async (index: string, size: number): Promise<string[]> => {
      const written: string[] = [];
      await copyAnchors({
        anchor: "chain",
        pin,
        size,
        from: "2026-02-01T00:00:00.000Z",
        read: async (file) => utf8(file === "index" ? index : (files.get(file) ?? "")),
        write: async (file) => void written.push(file),
      });
      return written.filter((file) => file.endsWith(".json"));
    };
    expect(await copied("50\n40\n30\n20\n10\n", 45)).toEqual(["40.json", "30.json", "20.json"]);
    for (const index of ["40\n50\n", "40", "40\n40\n", "-1\n", "a\n", "40\n\n", "4.5\n"]) {
      await expect(copied(index, 45), index).rejects.toMatchObject({
        code: "ERR_ANCHOR",
        details: { what: "chain/index" },
      });
    }
    const gone = copyAnchors({
      anchor: "chain",
      pin,
      size: 45,
      from: "2026-02-01T00:00:00.000Z",
      read: async (file) => (file === "index" ? utf8("40\n") : null),
      write: async () => undefined,
    });
    await expect(gone).rejects.toMatchObject({ code: "ERR_ANCHOR", details: { what: "chain/40.json" } });
  },
);
