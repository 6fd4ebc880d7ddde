/** Commands by which a department answers persons: on good input and on every kind of bad input. @module */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import type { SubjectTrail } from "@sluice/domain";
import { beforeEach, expect, test } from "vitest";
import { trailText } from "../src/subject/trail-text.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const FIELDS = [
  { name: "person", title: "身份证号", type: "integer", role: "direct", grade: "general-3" },
  { name: "name", title: "姓名", type: "text", role: "direct", grade: "general-3" },
  { name: "note", title: "note", type: "text", role: "other", grade: "general-1" },
  { name: "agreed", title: "同意", type: "boolean", role: "other", grade: "general-1" },
];

let root: string;
let domain: string;

beforeEach(async () => {
  root = await temporaryDirectory();
  domain = join(root, "hrss");
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  expect((await sluice(["domain", "init", domain, "--domain", "hrss", "--plain-keys", ...pins])).code).toBe(0);
  const file = join(root, "people.csv");
  await writeFile(file, 'person,name,note,agreed\n7,张三,"a, ""b""",true\n8,李四,,false\n7,张三,second,\n');
  await writeFile(join(root, "fields.json"), JSON.stringify(FIELDS));
  const args = ["--resource", "people", "--data", domain, "--title", "人员", "--fields", join(root, "fields.json")];
  expect((await sluice(["domain", "import", file, ...args])).code).toBe(0);
});

/** Runs `sluice domain subject …` for the resource, with `stdin` as the identifier. */
const subject = (verb: string, stdin: string, ...more: string[]): ReturnType<typeof sluice> =>
  sluice(["domain", "subject", verb, domain, "--resource", "people", "--column", "person", ...more], { stdin });

test("a copy holds the person's rows, every column, and nobody else's", async () => {
  const out = join(root, "copy.csv");
  const { code, stdout } = await subject("copy", "007\n", "--out", out);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^2 行已写入 \/ rows written: /)]);
  expect(await readFile(out, "utf8")).toBe(
    '\uFEFF身份证号 (person),姓名 (name),note,同意 (agreed)\r\n7,张三,"a, ""b""",true\r\n7,张三,second,\r\n',
  );
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  const json = join(root, "copy.json");
  expect((await subject("copy", "8", "--out", json)).code).toBe(0);
  expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({
    type: "subject-copy",
    domain: "hrss",
    resource: "people",
    title: "人员",
    fields: FIELDS.map(({ name, title, type }) => ({ name, title, type })),
    rows: [{ person: "8", name: "李四", note: null, agreed: "false" }],
  });
});

test("of a person whom the table does not have, a copy has the same shape without rows", async () => {
  const out = join(root, "copy.json");
  const { code, stdout } = await subject("copy", "9", "--out", out, "--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { out, rows: 0 }]);
  expect(JSON.parse(await readFile(out, "utf8"))).toMatchObject({ type: "subject-copy", rows: [] });
});

test("a copy replaces no file, and a name says its form", async () => {
  const out = join(root, "copy.csv");
  await writeFile(out, "kept");
  const { code, stderr } = await subject("copy", "7", "--out", out);
  expect([code, stderr]).toEqual([2, expect.stringContaining("a copy replaces no file")]);
  expect(await readFile(out, "utf8")).toBe("kept");
  expect((await subject("copy", "7", "--out", join(root, "copy.doc"))).stderr).toContain("ends in .csv or .json");
  const nowhere = await subject("copy", "7", "--out", join(root, "none", "copy.csv"));
  expect(nowhere.stderr).toContain("ERR_DIRECTORY_UNWRITABLE");
});

test("the register keeps what is asked, tells what is overdue, and holds no identifier", async () => {
  const open = async (...more: string[]): Promise<{ request: string; dueAt: string }> =>
    JSON.parse((await subject("open", "7", "--json", ...more)).stdout) as { request: string; dueAt: string };
  const late = await open("--kind", "copy", "--received", "2026-01-31T16:00:00+08:00");
  expect(late.dueAt).toBe("2026-03-02T08:00:00.000Z");
  expect((await open("--kind", "trail", "--received", "2026-01-31T08:00:00Z", "--days", "15")).dueAt).toBe(
    "2026-02-15T08:00:00.000Z",
  );
  const list = await sluice(["domain", "subject", "list", domain]);
  expect([list.code, list.stdout.match(/OVERDUE/g)?.length]).toEqual([1, 2]);
  const out = join(root, "copy.csv");
  const answer = (identifier: string, verb = "copy", to = out): ReturnType<typeof sluice> =>
    subject(verb, identifier, "--request", late.request, ...(verb === "copy" ? ["--out", to] : []));
  // For nobody but the person who asked, and for nothing else.
  expect((await answer("8")).stderr).toContain("ERR_SUBJECT_OTHER");
  expect((await answer("7", "trail")).stderr).toContain("ERR_STATE");
  await expect(stat(out)).rejects.toThrow("ENOENT");
  expect((await answer("7")).code).toBe(0);
  expect((await subject("trail", "7", "--request", "0".repeat(32))).stderr).toContain("ERR_NOT_FOUND");
  const left = JSON.parse((await sluice(["domain", "subject", "list", domain, "--json"])).stdout) as unknown;
  expect(left).toMatchObject({
    overdue: 1,
    requests: [{ kind: "trail" }, { kind: "copy", answeredAt: expect.any(String) }],
  });
});

test("a trail without builds is a trail; an identifier that cannot be one is refused and not repeated", async () => {
  const empty = await subject("trail", "7\n", "--json");
  expect([empty.code, JSON.parse(empty.stdout)]).toMatchObject([
    0,
    { resource: "people", column: "person", holdings: [] },
  ]);
  expect((await subject("trail", "12")).stdout).toContain("没有产品读取过该行");
  for (const bad of ["", "canary", "7\n8\n", "7.0", "7".repeat(300)]) {
    const { code, stdout, stderr } = await subject("trail", bad);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).not.toContain("canary");
  }
  const args = ["domain", "subject", "trail", domain, "--resource"];
  expect((await sluice([...args, "people"], { stdin: "7" })).stderr).toContain("name the column");
  expect((await sluice([...args, "none"], { stdin: "7" })).stderr).toContain("ERR_NOT_FOUND");
  expect((await sluice([...args, "people", "--column", "none"], { stdin: "7" })).stderr).toContain("ERR_NOT_FOUND");
  expect((await sluice([...args, "people", "7"], { stdin: "7" })).code).toBe(2);
  expect((await sluice(["domain", "subject"])).stderr).toContain("subject trail");
});

test("a trail reads in Chinese and English, and text of others cannot move the cursor", () => {
  const trail: SubjectTrail = {
    domain: "hrss",
    resource: "people",
    title: "人员",
    column: "person",
    otherColumns: ["phone"],
    request: "0".repeat(32),
    at: "2026-11-28T00:00:00.000Z",
    holdings: [
      {
        product: "bands",
        version: 2,
        form: "psi-ids",
        scene: { scene: "credit", title: "普惠\u001b[2J授信", purpose: "credit-bands" },
        ground: { kind: "subject-consent", field: "agreed" },
        grant: "1".repeat(64),
        operator: { party: "operator", title: null },
        developer: { party: "developer", title: "开发公司" },
        callers: [
          { party: "bank", title: "滨江银行" },
          { party: "fund", title: null },
        ],
        snapshot: "2".repeat(64),
        from: "2026-11-01T00:00:00.000Z",
        until: "2026-11-20T00:00:00.000Z",
        ended: "left-out",
      },
    ],
  };
  const text = trailText(trail);
  for (const words of [
    "bands v2",
    "名单比对",
    "普惠[U+001B][2J授信 (credit)",
    "本人同意，字段 / consent of the person, field agreed",
    "滨江银行 (bank)、fund",
    "2026年11月1日 08:00（北京时间）",
    "2026年11月20日 08:00（北京时间）",
    "不再含该行 / built again, without the row",
    "ask apart for other columns: phone",
    "It tells neither who asked, nor hits, nor results, nor samples.",
  ])
    expect(text).toContain(words);
  expect(text).not.toContain("\u001b");
});
