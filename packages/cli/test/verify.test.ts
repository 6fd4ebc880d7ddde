/** `sluice verify` on evidence that is whole, and on evidence that someone changed.
 *  @module */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EvidencedReceipt } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory, type Outcome } from "./captured-io.ts";
import { writeEvidenceDirectory, writeReceipt } from "./evidence-directory.ts";

/** Evidence of six receipts, freshly written. */
async function evidence(): Promise<{ directory: string; receipts: EvidencedReceipt[]; first: EvidencedReceipt }> {
  const directory = await temporaryDirectory();
  const receipts = await writeEvidenceDirectory(directory, 6);
  const first = receipts[2];
  if (first === undefined) throw new Error("six receipts were written");
  return { directory, receipts, first };
}

function expectFailure({ code, stderr, stdout }: Outcome, file: string, errorCode: string): void {
  expect(stderr).toMatch(new RegExp(`^first failing file: ${file}\nerror ${errorCode}: .+\nwhat to do: .+\n$`));
  expect(stdout).toContain("NOT everything verifies");
  expect(code).toBe(1);
}

async function flipByte(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

test("whole evidence verifies, and is counted by operation and log", async () => {
  const { directory } = await evidence();
  const { code, stdout, stderr } = await sluice(["verify", directory]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^log hrss +1 +1 +6 entries, sluice\/domain\/hrss$/m);
  expect(stdout).toMatch(/^log gateway +1 +1 +6 entries, sluice\/gateway\/city$/m);
  expect(stdout).toMatch(/^receipts of develop +2 +2$/m);
  expect(stdout).toMatch(/^receipts +6 +6$/m);
  expect(stdout).toMatch(/\neverything verifies\n$/);
});

test("receipts from before a tile of the log was full verify too", async () => {
  const directory = await temporaryDirectory();
  await writeEvidenceDirectory(directory, 258);
  const { stdout, stderr } = await sluice(["verify", directory]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^receipts +258 +258$/m);
});

test("--json gives the same counts", async () => {
  const { directory } = await evidence();
  const { stdout } = await sluice(["verify", directory, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, receipts: { checked: 6, verified: 6 }, failure: null });
});

test("a changed receipt is found and named, and the others are still counted", async () => {
  const { directory, first } = await evidence();
  const { body, signatures } = first.receipt;
  await writeReceipt(directory, { ...first, receipt: { body: { ...body, version: 2 }, signatures } });
  const outcome = await sluice(["verify", directory]);
  expectFailure(outcome, `receipts/${body.callId}.json`, "ERR_RECEIPT");
  expect(outcome.stdout).toMatch(/^receipts +6 +5$/m);
});

test("a receipt that is no receipt, or no JSON, is found and named", async () => {
  const { directory } = await evidence();
  for (const text of ["{}", "{", ""]) {
    await writeFile(join(directory, "receipts", "00.json"), text);
    expectFailure(await sluice(["verify", directory]), "receipts/00.json", "ERR_RECEIPT");
  }
});

test("a call without the gateway's proof or booking is found; a run may lack both", async () => {
  const { directory, receipts } = await evidence();
  for (const { receipt, openings, domainLog } of receipts) {
    if (receipt.body.operation === "develop") await writeReceipt(directory, { receipt, openings, domainLog });
  }
  expect((await sluice(["verify", directory])).code).toBe(0);
  const call = receipts.find(({ receipt }) => receipt.body.operation === "lookup.query");
  if (call === undefined) throw new Error("a query is among the receipts");
  for (const part of ["gatewayLog", "booking"] as const) {
    const { [part]: _part, ...rest } = call;
    await writeReceipt(directory, rest);
    expectFailure(await sluice(["verify", directory]), `receipts/${call.receipt.body.callId}.json`, "ERR_RECEIPT");
  }
});

test.each(["hrss", "gateway"])("one flipped bit in the log of %s is found", async (name) => {
  const { directory } = await evidence();
  const log = join(directory, "logs", name);
  const files = (await readdir(log, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const tiles = files.filter(({ parentPath }) => parentPath.includes("tile")).map((f) => join(f.parentPath, f.name));
  for (const file of [...tiles.filter((tile) => tile.endsWith("/6")), join(log, "checkpoint")]) {
    await flipByte(file, 5);
    expectFailure(await sluice(["verify", directory]), `logs/${name}`, "ERR_LOG");
    await flipByte(file, 5);
  }
  expect((await sluice(["verify", directory])).code).toBe(0);
});

test("a log that lost its last entries, or is missing, is found by the receipts", async () => {
  const { directory } = await evidence();
  await rm(join(directory, "logs", "gateway"), { recursive: true });
  const outcome = await sluice(["verify", directory]);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/^first failing file: receipts\//);
});

test("a log or a receipt whose key is not pinned is found", async () => {
  const { directory } = await evidence();
  await rename(join(directory, "logs", "hrss"), join(directory, "logs", "health"));
  expectFailure(await sluice(["verify", directory]), "logs/health", "ERR_LOG");
  const trust = JSON.parse(await readFile(join(directory, "trust.json"), "utf8")) as object;
  await rename(join(directory, "logs", "health"), join(directory, "logs", "hrss"));
  await writeFile(join(directory, "trust.json"), JSON.stringify({ ...trust, domains: {} }));
  expectFailure(await sluice(["verify", directory]), "logs/hrss", "ERR_LOG");
});

test("the evidence of another city does not verify under these pins", async () => {
  const { directory } = await evidence();
  const other = await evidence();
  await cp(join(other.directory, "receipts"), join(directory, "receipts"), { recursive: true, force: true });
  const outcome = await sluice(["verify", directory]);
  expect(outcome.stdout).toMatch(/^receipts +6 +0$/m);
  expect(outcome.code).toBe(1);
});

test("pins that were obtained elsewhere are used in the place of the folder's own, and the keys are printed", async () => {
  const { directory } = await evidence();
  const { directory: forged } = await evidence();
  const pins = join(directory, "trust.json");
  const { gateway } = JSON.parse(await readFile(pins, "utf8")) as { gateway: { key: string } };
  const own = await sluice(["verify", directory]);
  expect(own.stdout).toMatch(/^keys of the folder's own trust\.json: compare them/);
  expect(own.stdout).toContain(gateway.key);
  for (const [args, env] of [
    [["--trust", pins], {}],
    [[], { SLUICE_TRUST: pins }],
  ] as const) {
    const outcome = await sluice(["verify", forged, ...args], { env });
    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringMatching(/^first failing file: logs\/gateway\n/)]);
    expect(outcome.stdout).toMatch(/^receipts +6 +0$/m);
    expect(outcome.stdout).toContain(`keys of ${pins}; the folder's own trust.json is ignored\n`);
    expect(outcome.stdout).toContain(gateway.key);
  }
});

test("copies of a receipt are one call, and what is no document fails alone", async () => {
  const { directory, first } = await evidence();
  const receipts = join(directory, "receipts");
  await cp(join(receipts, `${first.receipt.body.callId}.json`), join(receipts, "copy.json"));
  const copied = await sluice(["verify", directory]);
  expect([copied.code, copied.stderr]).toEqual([0, ""]);
  expect(copied.stdout).toMatch(/^receipts +6 +6$/m);
  for (const text of ['{"a":"\\ud800"}\n', "1e400\n"]) {
    await writeFile(join(receipts, "copy.json"), text);
    const outcome = await sluice(["verify", directory]);
    expectFailure(outcome, "receipts/copy.json", "ERR_RECEIPT");
    expect(outcome.stdout).toMatch(/^receipts +7 +6$/m);
  }
});

test("a pin that stands twice in trust.json is no pin", async () => {
  const { directory } = await evidence();
  const file = join(directory, "trust.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, JSON.stringify(JSON.parse(text), null, 2));
  expect((await sluice(["verify", directory])).code).toBe(0);
  await writeFile(file, text.replace("{", `{"agencyKey":"ed25519:${"A".repeat(43)}",`));
  expect((await sluice(["verify", directory])).stderr).toContain("ERR_DIRECTORY_STATE");
});

test("no name in a folder moves the cursor, or starts a line", async () => {
  const { directory } = await evidence();
  const name = "x\u001b[2J\neverything verifies";
  await mkdir(join(directory, "logs", name));
  await writeFile(join(directory, "logs", name, "checkpoint"), "");
  await writeFile(join(directory, "receipts", `${name}.json`), "{}");
  const { stdout, stderr } = await sluice(["verify", directory]);
  expect(`${stdout}${stderr}`).not.toContain("\u001b");
  expect(`${stdout}${stderr}`).not.toMatch(/^everything verifies/m);
  expect(stdout).toContain("log x[U+001B][2J everything verifies");
  const single = await sluice([
    "verify",
    join(directory, "receipts", `${name}.json`),
    "--trust",
    join(directory, "trust.json"),
  ]);
  expect(`${single.stdout}${single.stderr}`).not.toContain("\u001b");
  const gone = await sluice(["verify", `${directory}/${name}`]);
  expect([gone.code, gone.stderr]).toEqual([1, expect.not.stringContaining("\u001b")]);
});

test("a pipe in the place of a file fails, and holds nothing up", async () => {
  const { directory } = await evidence();
  const pipe = join(directory, "receipts", "00.json");
  await promisify(execFile)("mkfifo", [pipe]);
  expectFailure(await sluice(["verify", directory]), "receipts/00.json", "ERR_RECEIPT");
  await rm(pipe);
  await rm(join(directory, "trust.json"));
  await promisify(execFile)("mkfifo", [join(directory, "trust.json")]);
  expect((await sluice(["verify", directory])).stderr).toContain("ERR_DIRECTORY_STATE");
});

test("a directory without evidence is one error", async () => {
  const directory = await temporaryDirectory();
  const empty = await sluice(["verify", directory]);
  expect(empty.stderr).toMatch(/^error ERR_DIRECTORY_STATE: .*trust\.json.*\nwhat to do: .+\n$/);
  expect(empty.code).toBe(1);
  const { directory: whole } = await evidence();
  await rm(join(whole, "receipts"), { recursive: true });
  await rm(join(whole, "logs"), { recursive: true });
  expect((await sluice(["verify", whole])).stderr).toContain("ERR_DIRECTORY_STATE");
  await writeFile(join(whole, "trust.json"), '{"domains":{}}');
  expect((await sluice(["verify", whole])).stderr).toContain("ERR_DIRECTORY_STATE");
});

test("verification can be cancelled", async () => {
  const { directory } = await evidence();
  const { code, stderr } = await sluice(["verify", directory], { signal: AbortSignal.abort() });
  expect(stderr).toMatch(/^error ERR_CANCELLED/);
  expect(code).toBe(1);
});
