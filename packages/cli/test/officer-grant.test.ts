/** `sluice grant show`: what an officer is told about a grant, verified and unverified.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { signDocument } from "@sluice/evidence";
import { documentHash, Operation, type Grant } from "@sluice/protocol";
import { expect, test } from "vitest";
import { amountText, dayText, keyFingerprint, shortAmount } from "../src/officer/chinese-figures.ts";
import { transformWords } from "../src/officer/policy-words.ts";
import { grantPage } from "../src/officer/grant-page.ts";
import { textForm } from "../src/officer/text-form.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { APPLICATION, NOW, officerDocuments, writeDocuments, type OfficerDocuments } from "./officer-documents.ts";

async function city() {
  const directory = await temporaryDirectory();
  const documents = await officerDocuments(directory);
  const { grant, policy, previousGrant, previousPolicy, trust } = documents;
  const files = await writeDocuments(join(directory, "files"), {
    grant,
    policy,
    trust,
    previousPolicy,
    delivery: { grant, policy },
    proposal: { application: APPLICATION, draft: grant.body, policy },
    draft: grant.body,
    previous: { grant: previousGrant, policy: previousPolicy },
  });
  return { directory, documents, files };
}

/** Signs `body` as the department and the agency of these documents would. */
function signAgain({ keys }: OfficerDocuments, body: Grant) {
  return signDocument(body, keys["hrss-department"], keys["data-bureau"]);
}

test("every field with its treatment and need, every quota, party and term is in the text and in the page", async () => {
  const { directory, documents, files } = await city();
  const out = join(directory, "grant.html");
  const { code, stdout, stderr } = await sluice([
    "grant",
    "show",
    files.grant,
    "--policy",
    files.policy,
    "--trust",
    files.trust,
    "--html",
    out,
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const page = await readFile(out, "utf8");
  const { body } = documents.grant;
  const facts = [
    body.scene.title,
    body.scene.purpose,
    body.scene.value,
    ...body.fields.flatMap(({ name, need }) => [name, need]),
    ...Object.values(documents.policy.columns).map(({ transform }) => transformWords(transform)),
    ...[body.operator, body.developer, ...body.callers].flatMap(({ party, keyId }) => [
      party,
      keyId,
      keyFingerprint(keyId),
    ]),
    "100 次",
    "20 次",
    "1,000,000 条（100 万）",
    "1,000,000 次（100 万）",
    dayText(body.notAfter),
    "Personal Information Protection Law, article 13",
    "每次取回 0.50 元",
    body.policy,
    await documentHash(body),
    "签名有效：数源部门、实施机构已签",
    "原始数据不出域",
  ].filter((fact) => fact !== "不提供");
  for (const fact of facts) {
    expect(stdout).toContain(fact);
    expect(page).toContain(fact);
  }
});

test("a delivery carries its policy, and a signature over another body is shown first, with exit code 1", async () => {
  const { directory, documents, files } = await city();
  expect((await sluice(["grant", "show", files.delivery, "--trust", files.trust])).code).toBe(0);
  const { body, signatures } = documents.grant;
  const changed = { grant: { body: { ...body, notAfter: "2036-01-01T00:00:00.000Z" }, signatures } };
  const forged = await writeDocuments(directory, { forged: { ...changed, policy: documents.policy } });
  const out = join(directory, "forged.html");
  for (const pins of [[], ["--trust", files.trust]]) {
    const { code, stdout } = await sluice(["grant", "show", forged.forged, ...pins, "--html", out]);
    expect(code).toBe(1);
    expect(stdout.split("\n")[3]).toMatch(/^\[✗\] 签名无效.*不可采信/);
    expect(stdout).toContain("核对未通过，以下只是文件所写");
    expect(await readFile(out, "utf8")).toMatch(/class="verdict bad"[\s\S]*签名无效/);
  }
});

test("without pins nobody is said to have signed; with pins a missing, strange or unpinned signer is refused", async () => {
  const { directory, documents, files } = await city();
  const { keys, grant, policy, trust } = documents;
  const unpinned = await sluice(["grant", "show", files.delivery]);
  expect(unpinned.stdout).toContain("[!] 签名完好，但未核对签名人身份");
  expect(unpinned.code).toBe(0);
  const { body } = grant;
  const others = await writeDocuments(directory, {
    oneSigner: { grant: await signDocument(body, keys["hrss-department"]), policy },
    stranger: { grant: await signDocument(body, keys["hrss-department"], keys["credit-lab"]), policy },
    extra: {
      grant: await signDocument(body, keys["hrss-department"], keys["data-bureau"], keys["credit-lab"]),
      policy,
    },
  });
  for (const file of Object.values(others)) {
    const { code, stdout } = await sluice(["grant", "show", file, "--trust", files.trust]);
    expect(stdout).toContain("[✗] 签名人不齐或不符");
    expect(code).toBe(1);
  }
  const elsewhere = await writeDocuments(directory, { elsewhere: { ...trust, domains: {} } });
  const { code, stdout } = await sluice(["grant", "show", files.delivery, "--trust", elsewhere.elsewhere]);
  expect(stdout).toContain("[✗] 信任文件中没有这个数据域");
  expect(code).toBe(1);
});

test("a draft is explained as a draft, and is no signed grant for those who ask for one", async () => {
  const { files } = await city();
  for (const file of [files.draft, files.proposal]) {
    const { code, stdout } = await sluice(["grant", "show", file]);
    expect(stdout).toContain("[!] 草案：尚未签名");
    expect(stdout).toContain("草案，尚未签名，以下为拟定内容");
    expect(code).toBe(0);
    expect((await sluice(["grant", "show", file, "--trust", files.trust])).code).toBe(1);
  }
});

test("a policy that the grant does not name explains nothing, and is exit code 1; without one that is said", async () => {
  const { files } = await city();
  const wrong = await sluice(["grant", "show", files.grant, "--policy", files.previousPolicy]);
  expect(wrong.stdout).toContain("[✗] 所附脱敏策略不是授权所指的那一份");
  expect(wrong.stdout).toContain("未知（缺脱敏策略）");
  expect(wrong.stdout).not.toContain("每 20 一档");
  expect(wrong.code).toBe(1);
  const none = await sluice(["grant", "show", files.grant, "--trust", files.trust]);
  expect(none.stdout).toContain("[!] 未附脱敏策略");
  expect(none.code).toBe(0);
});

test("what is open or unusual is pointed out", async () => {
  const { documents } = await city();
  const { grant, policy, keys } = documents;
  const body: Grant = {
    ...grant.body,
    fields: [...grant.body.fields, { name: "constructor", need: "a name of every object" }],
    developer: { party: "credit-lab", keyId: keys["city-data-group"].keyId },
    operations: ["develop", "lookup.query"],
    quotas: [
      { operation: "develop", amount: "5" },
      { operation: "develop", amount: "3" },
      { operation: "build", amount: "7" },
    ],
  };
  const page = await grantPage({ grant: { ...(await signAgain(documents, body)), policy }, now: NOW });
  const text = page.attention.join("\n");
  expect(text).toContain("策略不提供下列字段，数据域会拒绝本授权：constructor");
  expect(text).toContain("敏感或间接标识字段以原有精度提供：arrears_months、defaulted");
  expect(text).toContain("直接标识经遮盖或换代号后提供：name、phone");
  expect(text).toContain("没有配额，不能使用：匿踪查询：取回结果");
  expect(text).toContain("有配额而未列入用法，不能使用：正式构建");
  expect(text).toContain("同一把密钥担任多个角色：运营机构 city-data-group、开发主体 credit-lab");
  expect(page.allows.join("\n")).toMatch(/最多 3 次/);
  expect(page.allows).toHaveLength(1);
  expect(page.forbids.join("\n")).toContain("未列入的用法：正式构建");
});

test("the term is held against the day of printing, and one that cannot be is refused", async () => {
  const { documents } = await city();
  const { grant, policy, trust } = documents;
  const verdict = async (now: string, body: Grant = grant.body): Promise<string> => {
    const signed = await signAgain(documents, body);
    const page = await grantPage({ grant: { ...signed, policy }, trust, now: new Date(now) });
    return `${page.verdict.level} ${page.verdict.words.zh}`;
  };
  expect(await verdict("2026-11-21T02:00:00.000Z")).toMatch(/^good 签名有效/);
  expect(await verdict("2026-11-01T00:00:00.000Z")).toMatch(/^caution 尚未生效：2026年11月21日 09:59起/);
  expect(await verdict("2027-11-21T02:00:00.000Z")).toMatch(/^caution 已经到期/);
  const never = { ...grant.body, notAfter: grant.body.notBefore };
  expect(await verdict("2026-11-21T02:00:00.000Z", never)).toMatch(/^bad 授权期限不成立/);
  const noTime = { ...grant.body, notAfter: "2027-99-99T99:99:99.999Z" };
  expect(await verdict("2026-11-21T02:00:00.000Z", noTime)).toMatch(/^bad 授权期限不成立/);
});

test("consent of the person and a price for each unit are said in words", async () => {
  const { documents } = await city();
  const { grant, policy } = documents;
  const body: Grant = {
    ...grant.body,
    consent: { kind: "subject-consent", field: "agreed" },
    price: { kind: "per-unit", unit: "oprf-element", amount: "0.35", currency: "CNY" },
  };
  const text = textForm(await grantPage({ grant: { body, signatures: [], policy }, now: NOW }));
  expect(text).toContain("本人同意：只用字段 agreed 记载为已同意的人");
  expect(text).toContain("每条查询 0.35 元");
});

test("a file that is no grant is one error that names the member, and nothing is written", async () => {
  const { directory, documents, files } = await city();
  const { grant, policy } = documents;
  const long = { ...grant.body, scene: { ...grant.body.scene, title: "x".repeat(121) } };
  const bad = await writeDocuments(directory, {
    number: 7,
    empty: {},
    noField: { ...grant, body: { ...grant.body, fields: [] } },
    unknown: { ...grant, comment: "approved" },
    long: { grant: { ...grant, body: long }, policy },
    surrogate: { ...grant.body, scene: { ...grant.body.scene, value: "\ud800" } },
  });
  await writeFile(bad.number, "{");
  const out = join(directory, "out.html");
  for (const [name, file] of Object.entries(bad)) {
    const { code, stdout, stderr } = await sluice(["grant", "show", file, "--html", out]);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error ERR_USAGE: grant file .+\nwhat to do: .+\n$/);
    expect(stderr).toMatch(name === "long" ? /at \/grant\/body\/scene\/title/ : /grant file/);
    expect(code).toBe(2);
  }
  await expect(readFile(out)).rejects.toThrow();
  expect((await sluice(["grant", "show", join(directory, "none.json")])).stderr).toContain("does not exist");
  expect((await sluice(["grant", "show", files.grant, "--trust", files.grant])).stderr).toContain("trust file");
});

test("--html writes over no file that it reads, and tells when it cannot write", async () => {
  const { directory, files } = await city();
  const over = await sluice(["grant", "show", files.grant, "--policy", files.policy, "--html", files.policy]);
  expect(over.stderr).toMatch(/^error ERR_USAGE: "--html" names .+, which is read\n/);
  const nowhere = await sluice(["grant", "show", files.grant, "--html", join(directory, "no", "x.html")]);
  expect(nowhere.stderr).toMatch(/^error ERR_DIRECTORY_UNWRITABLE: /);
  expect(nowhere.code).toBe(1);
});

test("--json prints the same page as one document", async () => {
  const { files } = await city();
  const { stdout, code } = await sluice(["grant", "show", files.delivery, "--trust", files.trust, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    verdict: { level: "good" },
    heading: "普惠信贷 Inclusive credit",
  });
  expect(code).toBe(0);
});

test("amounts read as a Chinese reader writes them", () => {
  const texts = [
    ["0", "0 次"],
    ["999", "999 次"],
    ["1000", "1,000 次"],
    ["10000", "10,000 次（1 万）"],
    ["12345", "12,345 次"],
    ["125000", "125,000 次（12.5 万）"],
    ["100500", "100,500 次（10.05 万）"],
    ["300000000", "300,000,000 次（3 亿）"],
  ] as const;
  for (const [amount, text] of texts) expect(amountText(amount, "次")).toBe(text);
  expect(shortAmount("1000000")).toBe("100 万");
});

test("every operation of the protocol has its words", async () => {
  const { documents } = await city();
  const body: Grant = {
    ...documents.grant.body,
    operations: [...Operation.options],
    quotas: Operation.options.map((operation) => ({ operation, amount: "7" })),
  };
  const page = await grantPage({ grant: { body, signatures: [], policy: documents.policy }, now: NOW });
  expect(page.allows).toHaveLength(Operation.options.length);
});
