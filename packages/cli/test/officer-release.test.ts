/** `sluice release show`: what an officer is told about a release, its grant and the run that it rests on.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GUARD_RULES } from "@sluice/desensitize";
import { documentHash, type Run } from "@sluice/protocol";
import { expect, test } from "vitest";
import { ruleWords } from "../src/officer/guard-words.ts";
import { hashFingerprint } from "../src/officer/chinese-figures.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { officerDocuments, writeDocuments } from "./officer-documents.ts";

async function city() {
  const directory = await temporaryDirectory();
  const documents = await officerDocuments(directory);
  const { grant, policy, previousGrant, trust, run, release, previousRelease } = documents;
  const files = await writeDocuments(join(directory, "files"), {
    trust,
    run,
    release,
    previousRelease,
    previousGrant,
    draft: release.body,
    delivery: { grant, policy },
  });
  return { directory, documents, files };
}

test("a release with its grant and its run is verified, and explained in words", async () => {
  const { directory, documents, files } = await city();
  const out = join(directory, "release.html");
  const { code, stdout, stderr } = await sluice([
    "release",
    "show",
    files.release,
    "--grant",
    files.delivery,
    "--report",
    files.run,
    "--previous",
    files.previousRelease,
    "--trust",
    files.trust,
    "--html",
    out,
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const page = await readFile(out, "utf8");
  const { release, run } = documents;
  const facts = [
    "inclusive-credit 第 2 版",
    "签名有效：数源部门已签",
    "开发运行与许可逐项一致",
    "14 项通过，3 项修整，1 项须人工审查，0 项不放行",
    ...Object.keys(run.manifest?.input ?? {}),
    "每 20 一档",
    "auc = 0.731",
    "每人一个标签，只取自：A、B、C、D",
    "-0.6021",
    "1,953 行",
    "程序已更换",
    `pnpm-lock.yaml ${"5d".repeat(32)}`,
    hashFingerprint(release.body.bundle),
    release.body.manifest,
    release.body.model,
    release.body.guardReport,
    release.body.grant,
    "程序改动一个字节",
    "原始数据不出域",
  ];
  for (const fact of facts) {
    expect(stdout).toContain(fact);
    expect(page).toContain(fact);
  }
});

test("without grant, run or pins, what was not checked is said", async () => {
  const { files } = await city();
  const { code, stdout } = await sluice(["release", "show", files.release]);
  for (const open of ["签名完好，但未核对", "未附授权", "未附开发运行", "未核对（没有运行文件）"]) {
    expect(stdout).toContain(open);
  }
  expect(code).toBe(0);
  const draft = await sluice(["release", "show", files.draft]);
  expect(draft.stdout).toContain("[!] 草案：尚未签名");
  expect((await sluice(["release", "show", files.draft, "--trust", files.trust])).code).toBe(1);
});

test("a forged release is shown first and is exit code 1; so is one that the agency signed instead", async () => {
  const { directory, documents, files } = await city();
  const { release, grant } = documents;
  const forged = await writeDocuments(directory, {
    version: { ...release, body: { ...release.body, version: 3 } },
    signer: { body: release.body, signatures: grant.signatures },
  });
  for (const file of Object.values(forged)) {
    const { code, stdout } = await sluice(["release", "show", file, "--trust", files.trust]);
    expect(stdout.split("\n")[3]).toMatch(/^\[✗\] 签名无效/);
    expect(code).toBe(1);
  }
});

test("a grant that the release does not name is refused", async () => {
  const { files } = await city();
  const { code, stdout } = await sluice(["release", "show", files.release, "--grant", files.previousGrant]);
  expect(stdout).toContain("[✗] 所附授权不是许可所指的那一份");
  expect(code).toBe(1);
});

test("a run that differs from the release in any item is refused, names the item, and explains nothing", async () => {
  const { directory, documents, files } = await city();
  const { run } = documents;
  const { model, manifest, guardReport } = run;
  if (model?.kind !== "linear-model" || manifest === undefined || guardReport === undefined)
    throw new Error("the run is whole");
  const { model: _, ...withoutModel } = run;
  const others: Record<string, Run> = {
    程序: { ...run, bundle: "00".repeat(32) },
    申明: { ...run, manifest: { ...manifest, input: { ...manifest.input, phone: "dict" } } },
    模型: { ...run, model: { ...model, intercept: 0 } },
    守卫报告: { ...run, guardReport: { ...guardReport, verdict: "release", findings: [] } },
    授权: { ...run, grant: "00".repeat(32) },
    产品和版本: { ...run, version: 9 },
    运行已完成: { ...run, state: "failed" },
  };
  const runs = await writeDocuments(directory, { ...others, withoutModel });
  for (const [item, file] of Object.entries(runs)) {
    const { code, stdout } = await sluice(["release", "show", files.release, "--report", file]);
    expect(stdout).toMatch(new RegExp(`✗\\] 开发运行与许可不符：.*${item === "withoutModel" ? "模型" : item}`));
    expect(stdout).not.toContain("auc = ");
    expect(code).toBe(1);
  }
});

test("a run that reads a field or has a purpose outside of the grant is refused", async () => {
  const { directory, documents } = await city();
  const { grant, release } = documents;
  const body = {
    ...grant.body,
    fields: grant.body.fields.slice(0, 3),
    scene: { ...grant.body.scene, purpose: "other" },
  };
  const hash = await documentHash(body);
  const narrow = await writeDocuments(directory, {
    grant: body,
    release: { ...release.body, grant: hash },
    run: { ...documents.run, grant: hash },
  });
  const args = ["release", "show", narrow.release, "--grant", narrow.grant, "--report", narrow.run];
  const { code, stdout } = await sluice(args);
  expect(stdout).toContain("开发运行与许可不符：用途在授权内、所读字段在授权内");
  expect(code).toBe(1);
});

test("a previous release that is forged or of another product is said to be", async () => {
  const { directory, documents, files } = await city();
  const { body, signatures } = documents.previousRelease;
  const others = await writeDocuments(directory, {
    forged: { body: { ...body, version: 7 }, signatures },
    other: { ...body, product: "another" },
  });
  const forged = await sluice(["release", "show", files.release, "--previous", others.forged]);
  expect(forged.stdout).toContain("[✗] 上一版许可：签名无效");
  expect(forged.code).toBe(1);
  const other = await sluice(["release", "show", files.release, "--previous", others.other]);
  expect(other.stdout).toContain("[!] 上一版是另一个产品");
});

test("a file that is no release or no run is one error that names it", async () => {
  const { files } = await city();
  const wrong = await sluice(["release", "show", files.delivery]);
  expect(wrong.stderr).toMatch(/^error ERR_USAGE: release file .+ does not fit its schema at \/body\n/);
  expect(wrong.code).toBe(2);
  const report = await sluice(["release", "show", files.release, "--report", files.release]);
  expect(report.stderr).toMatch(/^error ERR_USAGE: run file /);
});

test("every rule of the guard has its Chinese words", () => {
  for (const [rule, note] of Object.entries(GUARD_RULES)) {
    const finding = { output: "fit", rule, result: "passed" as const, note };
    expect(ruleWords(finding)).toMatch(/\p{Script=Han}/u);
  }
  expect(ruleWords({ output: "fit", rule: "constructor", result: "passed", note: "a later rule" })).toBe(
    "a later rule",
  );
});

test("params are shown with their values and what they may be; a run with others does not fit", async () => {
  const { directory, documents, files } = await city();
  const { run } = documents;
  const params = { cut: 50, side: "high" };
  const specs = {
    cut: { type: "int", min: 20, max: 60, default: 40 },
    side: { type: "choice", of: ["low", "high"], default: "low" },
  };
  const manifest = { ...run.manifest, params: specs };
  const given = { ...run, params, manifest, guardReport: { ...run.guardReport, params } } as Run;
  const { body } = documents.release;
  const changed = {
    ...body,
    params,
    manifest: await documentHash(manifest),
    guardReport: await documentHash(given.guardReport),
  };
  const written = await writeDocuments(join(directory, "params"), {
    draft: changed,
    run: given,
    other: { ...given, params: { ...params, cut: 40 } },
  });
  const show = (report: string) =>
    sluice(["release", "show", written.draft, "--grant", files.delivery, "--report", report]);
  const { stdout } = await show(written.run);
  for (const fact of [
    "作业参数",
    "20 至 60 的整数",
    "只取自：low、high",
    "cut = 50，side = high",
    "开发运行与许可逐项一致",
  ]) {
    expect(stdout).toContain(fact);
  }
  expect((await show(written.other)).stdout).toContain("开发运行与许可不符：参数");
});
