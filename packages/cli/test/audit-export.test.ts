/** `sluice audit export`, and `sluice verify` on what it makes.
 *  @module */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { changedFiles, readManifest, type FolderReport } from "@sluice/evidence/verify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasOpenssl } from "../../evidence/test/openssl-authority.ts";
import type { City } from "../../gateway/test/city.ts";
import { diskFolder } from "../src/verify/disk-folder.ts";
import { serveAnchors } from "./anchor-servers.ts";
import { anchorNow } from "./anchored-home.ts";
import { auditCity, environmentOf, HOSTILE } from "./audit-city.ts";
import { sluice, temporaryDirectory, type Outcome } from "./captured-io.ts";
import { filesOf, rewrite, TAMPERINGS } from "./tampered-exports.ts";
import { runVerifier } from "./verifier-program.ts";

const long = test.runIf(process.env["SLOW"] === "1");

/** Receipts of the two runs come on top. */
const CALLS = 5;
const FROM = "2020-01-01T00:00:00+08:00";

let city: City;
beforeAll(async () => {
  city = await auditCity(CALLS);
}, 60_000);
afterAll(() => city.close());

async function audit(
  out: string,
  actor: "bureau" | "bank" | "auditor" = "bureau",
  signal?: AbortSignal,
): Promise<Outcome> {
  const to = new Date().toISOString();
  const env = await environmentOf(city, actor);
  return sluice(["audit", "export", "--from", FROM, "--to", to, "--out", out], {
    env,
    ...(signal === undefined ? {} : { signal }),
  });
}

let whole: string | undefined;
/** A copy of one export. */
async function exported(): Promise<string> {
  const directory = join(await temporaryDirectory(), "export");
  if (whole === undefined) {
    const made = await audit(directory);
    expect([made.code, made.stderr.includes("error")]).toEqual([0, false]);
    whole = join(await keptDirectory(), "export");
    await cp(directory, whole, { recursive: true });
  } else await cp(whole, directory, { recursive: true });
  return directory;
}

async function keptDirectory(): Promise<string> {
  const directory = join(city.directory, "kept");
  await mkdir(directory, { recursive: true });
  return directory;
}

test("an export holds the period's receipts with all they rest on, and verifies with nothing else", async () => {
  const directory = join(await temporaryDirectory(), "export");
  const made = await audit(directory);
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(new RegExp(`^${CALLS + 2} receipts, \\d+ files\ndigest [0-9a-f]{64}\nsluice verify `));
  expect(made.stderr).toContain(`${CALLS + 2} receipts\n`);
  expect(await readdir(dirname(directory))).toEqual(["export"]);
  const folders = new Set((await filesOf(directory)).map((file) => file.split("/")[0]));
  expect([...folders]).toEqual([
    "VERIFY.md",
    "events",
    "grants",
    "index.html",
    "logs",
    "manifest.json",
    "parties.json",
    "products",
    "receipts",
    "releases",
    "requests",
    "reviews",
    "runs",
    "scenes",
    "trust.json",
    "verify.html",
    "verify.mjs",
  ]);
  const gatewayUrl = city.gateway.url;
  const verified = await sluice(["verify", directory]);
  expect(verified.stderr).toBe("");
  expect(verified.stdout).toMatch(new RegExp(`^receipts +${CALLS + 2} +${CALLS + 2}$`, "m"));
  expect(verified.stdout).toMatch(/^log health +1 +1/m);
  expect(await readFile(join(directory, "VERIFY.md"), "utf8")).toContain("\nsluice verify DIR\n");
  for (const file of await filesOf(directory)) {
    expect(await readFile(join(directory, file), "utf8")).not.toContain(gatewayUrl);
  }
});

test.skipIf(!hasOpenssl())(
  "an export carries the records of pinned anchors, and says what to look for on a chain",
  async () => {
    const configuration = await temporaryDirectory();
    await using servers = await serveAnchors(configuration);
    const read = async (path: string) => new Uint8Array((await city.get(`/log/${path}`)).bytes);
    await anchorNow({ configuration, records: join(city.directory, "anchors"), identity: city.identity, read });
    const size = (await readdir(join(city.directory, "anchors/tsa")))
      .find((name) => name.endsWith(".tsr"))
      ?.slice(0, -4);
    const env = await environmentOf(city, "bureau");
    const trust = JSON.parse(await readFile(env["SLUICE_TRUST"] ?? "", "utf8")) as object;
    const anchors = {
      tsa: { kind: "timestamp", caPem: servers.caPem, logs: ["gateway"] },
      chain: { kind: "webhook", logs: ["gateway"] },
    };
    await writeFile(env["SLUICE_TRUST"] ?? "", JSON.stringify({ ...trust, anchors }));
    const directory = join(await temporaryDirectory(), "export");
    const to = new Date().toISOString();
    const made = await sluice(["audit", "export", "--from", FROM, "--to", to, "--out", directory], { env });
    expect([made.code, made.stderr]).toEqual([0, expect.stringContaining("anchor tsa of gateway: 1 records\n")]);
    const files = (await filesOf(directory)).filter((file) => file.startsWith("anchors/"));
    const [chain, tsa] = [`anchors/gateway/chain/${size}`, `anchors/gateway/tsa/${size}`];
    const expected = [
      `${chain}.answer`,
      `${chain}.checkpoint`,
      `${chain}.json`,
      `${tsa}.checkpoint`,
      `${tsa}.json`,
      `${tsa}.tsr`,
    ];
    expect(files).toEqual(expected);
    const verified = await sluice(["verify", directory]);
    expect([verified.code, verified.stderr]).toEqual([0, ""]);
    expect(verified.stdout).toMatch(
      new RegExp(`^anchor tsa of gateway +1 +1 +${size} entries at .+, time-stamped$`, "m"),
    );
    const { checkpointSha256 } = JSON.parse(await readFile(join(directory, `${chain}.json`), "utf8")) as Record<
      string,
      string
    >;
    expect(await readFile(join(directory, "index.html"), "utf8")).toContain(`<code>${checkpointSha256}</code>`);
    expect(await readFile(join(directory, "VERIFY.md"), "utf8")).toContain("`checkpointSha256`");
    const program = runVerifier(join(directory, "verify.mjs"), directory);
    expect(program.stdout).toContain(`外部存证 anchor tsa / gateway: 1 / 1 相符 verified；最近一次 last: ${size} 条`);
    expect(program.stdout).toContain(`look on the chain for ${checkpointSha256}\n`);
    expect(program.stdout).toMatch(/存证方 tsa CA 证书 SHA-256 .+: (?:[0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
    expect([program.status, program.stderr]).toEqual([0, ""]);
  },
);

test("a flipped byte of any file of an export is found, and the file named", async () => {
  const directory = await exported();
  const manifest = await readManifest(diskFolder(directory));
  if (manifest === null) throw new Error("an export has a manifest");
  expect(Object.keys(manifest.files)).toEqual((await filesOf(directory)).filter((file) => file !== "manifest.json"));
  for (const [i, file] of Object.keys(manifest.files).entries()) {
    const path = join(directory, file);
    const bytes = await readFile(path);
    // First, last and others: every file is flipped at another place.
    const at = [0, bytes.length - 1, (i * 7_919) % bytes.length][i % 3] ?? 0;
    await writeFile(path, bytes.with(at, (bytes[at] ?? 0) ^ 1));
    const faults = await changedFiles(diskFolder(directory), manifest);
    expect(faults.map((fault) => fault.file)).toEqual([file]);
    await writeFile(path, bytes);
  }
  expect(await changedFiles(diskFolder(directory), manifest)).toEqual([]);
});

long("a flipped byte anywhere in the manifest is found, and the manifest or the file named", async () => {
  const directory = await exported();
  const path = join(directory, "manifest.json");
  const bytes = await readFile(path);
  for (let at = 0; at < bytes.length; at += 5) {
    await writeFile(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 7))));
    await expect(readManifest(diskFolder(directory))).rejects.toMatchObject({
      code: "ERR_EXPORT",
      details: { file: "manifest.json" },
    });
  }
});

test.each(["trust.json", "index.html", "VERIFY.md", "manifest.json", "parties.json"])(
  "`verify` names %s when a byte of it is flipped",
  async (file) => {
    const directory = await exported();
    const path = join(directory, file);
    const bytes = await readFile(path);
    await writeFile(path, bytes.with(9, (bytes[9] ?? 0) ^ 1));
    const { code, stderr } = await sluice(["verify", directory]);
    expect(stderr).toMatch(new RegExp(`^first failing file: ${file}\nerror ERR_EXPORT: .+\n`));
    expect(code).toBe(1);
  },
);

test("files that are missing, added or of another folder are named", async () => {
  const directory = await exported();
  const manifest = await readManifest(diskFolder(directory));
  const grant = Object.keys(manifest?.files ?? {}).find((file) => file.startsWith("grants/"));
  await rm(join(directory, grant ?? ""));
  expect((await sluice(["verify", directory])).stderr).toContain(`first failing file: ${grant}\n`);
  const other = await exported();
  await writeFile(join(other, "receipts", "note.txt"), "");
  expect((await sluice(["verify", other])).stderr).toContain("first failing file: receipts/note.txt\n");
});

test("the exported program says what `sluice verify` says: of a whole export", async () => {
  const directory = await exported();
  const { status, stdout, stderr } = runVerifier("verify.mjs", directory);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`凭证 receipts: ${CALLS + 2} / ${CALLS + 2} 相符 verified\n`);
  const made = JSON.parse(await readFile(join(directory, "manifest.json"), "utf8")) as { digest: string };
  expect(stdout).toContain(made.digest);
});

// Every tampering takes half a second: a part of them each time, all in the long run.
const tamperings = TAMPERINGS.filter((_, i) => process.env["SLOW"] === "1" || i % 4 === 3);
test.each(tamperings)("the exported program says what `sluice verify` says: $name", async ({ tamper }) => {
  const directory = await exported();
  const program = join(await temporaryDirectory(), "verify.mjs");
  await cp(join(directory, "verify.mjs"), program);
  const named = await tamper(directory);
  const { code, stdout } = await sluice(["verify", directory, "--json"]);
  const { failures } = JSON.parse(stdout) as { failures: { file: string }[] };
  expect([code, failures[0]?.file]).toEqual([1, named]);
  const exportedOne = runVerifier(program, directory);
  expect(exportedOne.status).toBe(1);
  expect(exportedOne.stdout).toContain(`first failing file: ${named}\n`);
  const listed = [...exportedOne.stdout.matchAll(/^✗ (.+)$/gm)].map(([, file]) => file);
  expect(listed).toEqual(failures.map(({ file }) => file));
});

const FORGED = /kind in an event|member twice|in a request|of no receipt|list of parties|copy of a receipt/;
test.each(TAMPERINGS.filter(({ name }) => FORGED.test(name)))(
  "a new manifest hides nothing: $name",
  async ({ tamper }) => {
    const directory = await exported();
    const named = await tamper(directory);
    const { code, stdout } = await sluice(["verify", directory, "--json"]);
    const { events, receipts, failures } = JSON.parse(stdout) as FolderReport;
    expect([code, events, failures.map(({ file }) => file)]).toEqual([1, 1, [named]]);
    expect([receipts.checked, receipts.verified <= CALLS + 2]).toEqual([CALLS + 2, true]);
  },
);

test("an export verifies under a ring of receipt keys in which its key counts at the instants of its documents", async () => {
  for (const [until, expected] of [
    ["2099-01-01T00:00:00.000Z", []],
    ["2020-01-01T00:00:00.001Z", ["events", ...Array.from({ length: CALLS + 2 }, () => "receipts")]],
  ] as const) {
    const directory = await exported();
    await rewrite(directory, /^trust\.json$/, (text) =>
      text.replaceAll(/"receiptKey":\s*("[^"]+")/g, `"receiptKey":[{"keyId":$1,"until":"${until}"}]`),
    );
    expect(await readFile(join(directory, "trust.json"), "utf8")).toContain(until);
    const { stdout } = await sluice(["verify", directory, "--json"]);
    const { failures } = JSON.parse(stdout) as { failures: { file: string }[] };
    expect(failures.map(({ file }) => file.split("/")[0]).toSorted((a = "", b = "") => a.localeCompare(b))).toEqual(
      expected,
    );
  }
});

test("the index page tells period, usage, prices and failures, and no document adds markup to it", async () => {
  const page = await readFile(join(await exported(), "index.html"), "utf8");
  for (const words of [
    "2020年1月1日 00:00",
    "每次取回",
    "0.05",
    "credit-label",
    "other-bank",
    "ERR_JOB_MEMORY",
    "林华",
  ]) {
    expect(page).toContain(words);
  }
  expect(page).not.toContain(HOSTILE);
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).not.toMatch(/<script|<a |<img|<link|src=|onload|http:|https:/i);
  expect(page).toContain("default-src 'none'");
});

test("nobody but the agency exports, and nothing is left of an export that was refused or cut off", async () => {
  const parent = await temporaryDirectory();
  for (const actor of ["bank", "auditor"] as const) {
    const refused = await audit(join(parent, "export"), actor);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("error ERR_ROLE")]);
  }
  const cut = await audit(join(parent, "export"), "bureau", AbortSignal.abort());
  expect(cut.stderr).toContain("error ERR_CANCELLED");
  expect(await readdir(parent)).toEqual([]);
});

test("a folder with something in it is refused, and an empty one filled", async () => {
  const parent = await temporaryDirectory();
  await writeFile(join(parent, "mine"), "kept");
  const refused = await audit(parent);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is not empty")]);
  expect(await readdir(parent)).toEqual(["mine"]);
  expect((await audit(join(parent, "mine"))).stderr).toContain("is not a directory");
  await mkdir(join(parent, "empty"));
  expect((await audit(join(parent, "empty"))).code).toBe(0);
});

test("a period that is none, or not over, is refused before anything is asked", async () => {
  const run = (from: string, to: string) => sluice(["audit", "export", "--from", from, "--to", to, "--out", "x"]);
  expect((await run("2026-01-01", "2026-02-01")).stderr).toContain("an instant with its zone");
  expect((await run("2026-13-01T00:00:00Z", "2026-02-01T00:00:00Z")).code).toBe(2);
  expect((await run("2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z")).stderr).toContain('is not before "--to"');
  expect((await run("2026-02-01T00:00:00Z", "2999-02-01T00:00:00Z")).stderr).toContain("in the future");
});

test("a period without receipts is an export too", async () => {
  const directory = join(await temporaryDirectory(), "export");
  const env = await environmentOf(city, "bureau");
  const args = [
    "audit",
    "export",
    "--from",
    "2020-01-01T00:00:00Z",
    "--to",
    "2020-02-01T00:00:00Z",
    "--out",
    directory,
  ];
  expect((await sluice(args, { env })).stdout).toMatch(/^0 receipts/);
  expect((await sluice(["verify", directory])).code).toBe(0);
});
