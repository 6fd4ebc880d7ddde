/** The officer's pages for every form of product: what it answers to whom, restrictions, the application, and names.
 *  @module */
import { join } from "node:path";
import { signDocument } from "@sluice/evidence";
import {
  documentHash,
  FORM_OPERATIONS,
  ProductForm,
  type DeclaredKeys,
  type Grant,
  type JobManifest,
  type NoisyTableSpec,
  type Operation,
  type Party,
  type Run,
  type TableSpec,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { grantPage } from "../src/officer/grant-page.ts";
import { releasePage } from "../src/officer/release-page.ts";
import { textForm } from "../src/officer/text-form.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { APPLICATION, NOW, officerDocuments, signRelease, writeDocuments } from "./officer-documents.ts";

const TABLE: TableSpec = {
  kind: "table",
  dimensions: [
    { name: "district", levels: ["东城", "西城", "其他"] },
    { name: "age", levels: ["60 岁以下", "60 岁以上"] },
  ],
  measures: ["months"],
};
const FIT = { kind: "metrics" as const, keys: ["auc", "rows"] };
const MODEL = { kind: "linear-model" as const, maxParameters: 64 };
const LABELS = { kind: "labels" as const, vocabulary: ["A", "B", "C", "D"] };

/** The outputs of a job of each form, and the sentence that says what its product answers. */
const FORMS: Readonly<Record<ProductForm, { outputs: JobManifest["outputs"]; answer: string }>> = {
  "label-lookup": {
    outputs: { fit: FIT, model: MODEL, band: LABELS },
    answer: "凭 resident_id 逐条匿踪查询，每条得到一个标签（A、B、C、D 之一）",
  },
  "psi-ids": {
    outputs: { fit: FIT, members: { kind: "set", match: "psi-ids" } },
    answer: "用自己的名单按 resident_id 比对，得知名单中哪些在产品名单内",
  },
  "psi-cardinality": {
    outputs: { fit: FIT, members: { kind: "set", match: "psi-cardinality" } },
    answer:
      "用自己的名单按 resident_id 比对，只得知名单中大约有多少条在产品名单内：每次计数加噪（差分隐私 ε = 0.5，二十次中有十九次误差不超过 6），每个使用方对同一期数据至多计数 10 次（合计 ε ≤ 5），同一名单再问也计次",
  },
  "join-sum": {
    outputs: { fit: FIT, paid: { kind: "sum", field: "months", digits: 0, limit: 480, minimum: 20 } },
    answer:
      "用自己的名单按 resident_id 比对，只得知命中者的 months 大约合计多少、大约有多少条：每人合计截断在 ±480 以内、计到 0 位小数，加噪后条数不足 20 的不给合计；均加噪（差分隐私 ε = 0.25 和 0.25，二十次中有十九次合计误差不超过 5752、条数误差不超过 12），每个使用方对同一期数据至多 10 次（合计 ε ≤ 5），同一名单再问也计次；不运行程序，由数据域按申报取数",
  },
  score: {
    outputs: { fit: FIT, model: MODEL, risk: { kind: "score", featureBound: 16, link: "logistic" } },
    answer: "提交加密的 3 项指标，每行取回一个概率，自行解开",
  },
  report: {
    outputs: { fit: FIT, ages: TABLE },
    answer:
      "取得一份分组统计表：按 district（3 组） × age（2 组） 分组，列各组行数和 months 的平均值；不足 10 人的组不列出",
  },
  dataset: {
    outputs: { fit: FIT, rows: { kind: "dataset", fields: ["sex", "age", "months"], days: 30 } },
    answer:
      "自开通起 30 天内分页取得授权政策下认证脱敏样本的 3 项（sex、age、months），按 行数 × 项数 × 天数 计量一次；不运行程序",
  },
  "hidden-selection": {
    outputs: {
      fit: FIT,
      sums: {
        kind: "hidden-selection",
        dimensions: [{ name: "ages", field: "age", levels: ["a", "b", "c", "d"], breaks: [20, 40, 60] }],
        minimumGroups: 2,
        contribution: { rows: 12, groups: 1 },
        rows: { epsilon: "0.5", most: 100_000 },
        measures: [{ name: "months", field: "months", min: 0, max: 12, digits: 0, epsilon: "1", most: 1_000_000 }],
      },
    },
    answer:
      "暗选若干组，取得所选各组之和：按 ages（age，4 组） 分组，至少选 2 组、至少留 2 组不选（或全选）；可问行数（ε = 0.5）、months 的合计（每行限 0 至 12，ε = 1），每次加噪并从使用方的预算扣除，同一选择再问为同一答案、不再扣；每人至多计入 1 组、每组 12 行；人数不足政策 k 的分组不予构建；不运行程序",
  },
};
const ANSWERING = Object.values(FORM_OPERATIONS).flat();

async function city() {
  const directory = await temporaryDirectory();
  return { directory, documents: await officerDocuments(directory) };
}

/** The scene's grant with these operations, `amount` units of each. */
function allowing(grant: Grant, operations: readonly Operation[], amount = "100"): Grant {
  return {
    ...grant,
    operations: ["develop", "build", ...operations],
    quotas: ["develop" as const, "build" as const, ...operations].map((operation) => ({ operation, amount })),
  };
}

/** Grant, run and signed release of a product of `form`. */
async function released(form: ProductForm, outputs = FORMS[form].outputs, quota = "100") {
  const { documents } = await city();
  const { keys, policy, trust } = documents;
  const body = allowing(documents.grant.body, FORM_OPERATIONS[form], quota);
  const manifest: JobManifest = { ...declared(documents.run), outputs };
  const { model, ...without } = documents.run;
  const run: Run = {
    ...without,
    ...("model" in outputs && model !== undefined ? { model } : {}),
    grant: await documentHash(body),
    manifest,
  };
  const release = await signRelease(keys, run, 2);
  const grant = { ...(await signDocument(body, keys["hrss-department"], keys["data-bureau"])), policy };
  return { shown: { release, grant, run, trust, now: NOW }, documents };
}

function declared({ manifest }: Run) {
  if (manifest === undefined) throw new Error("the run has a manifest");
  const { name, purpose, input } = manifest;
  return { name, purpose, input };
}

test("a release says in one sentence what the product of each form will answer, and to whom", async () => {
  for (const form of ProductForm.options) {
    const { shown } = await released(form);
    const page = await releasePage(shown);
    expect(page.verdict.words.zh, form).toBe("签名有效：数源部门已签");
    expect(page.lead, form).toContain(`使用方 river-bank、closed-bank ${FORMS[form].answer}`);
    expect(page.lead.match(/。/g)?.length).toBe(2);
    expect(page.allows.join("\n")).toContain(FORMS[form].answer);
    const text = textForm(page);
    expect(text.includes("模型（哈希）")).toBe("model" in FORMS[form].outputs);
    expect(text.includes("换用另一个模型")).toBe("model" in FORMS[form].outputs);
    if (form === "score") expect(text).toContain("只对密文评分，不再运行程序，不读任何数据行");
    else if (form === "dataset") {
      expect(page.lead).toContain("交付脱敏样本，不运行程序");
      expect(page.lead).not.toContain("对全部数据行运行");
      for (const fact of ["样本不过关卡即不建", "期满只是不能再取", "期满之后再取"]) expect(text).toContain(fact);
    } else if (form === "hidden-selection") {
      expect(page.lead).toContain("分组求和，不运行程序");
      for (const fact of ["各组之和留在域内", "两个选择之差可能只含一组"]) expect(text).toContain(fact);
    } else if (form === "join-sum") {
      expect(page.lead).toContain("取数，不运行程序");
      for (const fact of ["只答加噪的合计与人数", "给个别行加权", "双重盲化并打乱次序"]) expect(text).toContain(fact);
    } else expect(page.lead).toContain("对全部数据行运行这一份程序");
  }
});

test("a release of a set by typed keys says by which columns, and what they hold; a grant, which of them nobody sees", async () => {
  const keys: DeclaredKeys = [
    [{ type: "resident-id" }],
    [
      { field: "name", type: "name" },
      { field: "phone", type: "mobile" },
    ],
  ];
  const { shown } = await released("psi-ids", { fit: FIT, members: { kind: "set", match: "psi-ids", keys } });
  expect((await releasePage(shown)).lead).toContain(
    "用自己的名单按 resident_id（居民身份证号），或按 name（名称）加 phone（手机号码） 比对，得知",
  );
  const { documents } = await city();
  const joined = { ...documents.grant.body, joinFields: ["name"] };
  const signers = [documents.keys["hrss-department"], documents.keys["data-bureau"]] as const;
  const page = await grantPage({
    ...shown,
    grant: { ...(await signDocument(joined, ...signers)), policy: documents.policy },
    previous: { ...documents.grant, policy: documents.policy },
  });
  const text = textForm(page);
  expect(text).toContain("类别：关联键");
  expect(text).toContain("增加关联键 name");
});

test("a release of a noisy table says that no program runs, which groups there are, and what it costs", async () => {
  const noisy: NoisyTableSpec = {
    kind: "noisy-table",
    dimensions: [
      { name: "sex", field: "sex", levels: ["女", "男"], values: { F: 0, M: 1 } },
      { name: "age", field: "age", levels: ["60 岁以下", "60 岁以上"], breaks: [60] },
    ],
    measures: [{ name: "months", field: "months", min: 0, max: 480, digits: 0 }],
    contribution: { rows: 1, groups: 2 },
    loss: { mechanism: "laplace", epsilon: "0.5" },
  };
  const dear = await released("report", { fit: FIT, ages: { ...noisy, loss: { mechanism: "gaussian", rho: "5" } } });
  expect(textForm(await releasePage(dear.shown))).toContain("【噪声过小：超过单张表的上限 2，数据域将拒绝】");
  const { shown } = await released("report", { fit: FIT, ages: noisy });
  const page = await releasePage(shown);
  const text = textForm(page);
  for (const fact of [
    "不运行程序",
    "女：F；男：M",
    "60 岁以下：小于 60；60 岁以上：60 起",
    "共 4 格，一律列出并加噪",
    "months 的合计（每行限 0 至 480）",
    "ε = 0.5",
    "每人至多计入 2 组、每组 1 行",
    "隐私预算",
  ]) {
    expect(text).toContain(fact);
  }
  expect(text).not.toContain("噪声过小");
  expect(page.lead).not.toContain("运行这一份程序");
  expect(text).not.toContain("不足 10 人");
});

test("a release of a report lists every group, and the most cells there can be", async () => {
  const { shown } = await released("report");
  const text = textForm(await releasePage(shown));
  for (const fact of ["东城、西城、其他", "60 岁以下、60 岁以上", "至多 6 格", "少数人占大头的平均值不给出"]) {
    expect(text).toContain(fact);
  }
});

test("a release of a model that stays says that it does, and what calls make of it, by declaration and quota", async () => {
  const features = Array.from({ length: 32 }, (_, i) => ({ name: `指标${i}`, low: -1, high: i }));
  const risk = { kind: "square-network", features, maxUnits: 16, link: "logistic", resolution: 0.02 } as const;
  const { shown } = await released("score", { fit: FIT, risk }, String(10 * 8_192 + 5));
  const page = await releasePage(shown);
  const text = textForm(page);
  expect(page.lead).toContain("对全部数据行运行这一份程序");
  expect(page.lead).toContain("提交加密的 32 项指标，每行取回一个概率，自行解开；模型留在数据域");
  for (const fact of ["留域模型：由程序在全部行上训练，不出域、不放行", "指标31（-1 至 31）", "取走留域模型的参数"]) {
    expect(text).toContain(fact);
  }
  for (const wrong of ["视同公开", "只对密文评分，不再运行程序", "不带模型，"]) expect(text).not.toContain(wrong);
  const section = page.sections.find(({ title }) => title.zh.startsWith("留域模型"));
  expect(section?.remark).toContain("旧模型继续服务，直到某次重建通过；不应再服务的，撤回该授权");
  // 561 coefficients: 0.02 √(561 / 8,192), and with ten requests 0.02 √(561 / 81,920).
  expect(section?.rows.map((row) => row.map((cell) => cell.text))).toEqual([
    ["评分能决定的数（二次型的系数）", "561 个"],
    ["一次请求计量", "8192 行，不论填了几行"],
    ["一次请求之后，评分还原的误差不小于约", "0.0052"],
    ["配额允许的请求", "10 次"],
    ["用尽配额之后，评分还原的误差不小于约", "0.0017"],
  ]);
  expect(section?.remark).toContain("存心作弊");
  const few = await released("score", { fit: FIT, risk }, "8191");
  expect(textForm(await releasePage(few.shown))).toContain("8191 行，不够一次请求");
});

test("a release without a model fits a run without one, and no other", async () => {
  const { shown, documents } = await released("psi-ids");
  expect(shown.release.body.model).toBeUndefined();
  const { model } = documents.run;
  if (model === undefined) throw new Error("the scene's run has a model");
  const page = await releasePage({ ...shown, run: { ...shown.run, model } });
  expect(page.verdict.words.zh).toBe("开发运行与许可不符：模型");
  expect(textForm(await releasePage(shown))).toContain("无：不带模型");
});

test("a release of a form that the grant does not allow is refused", async () => {
  const { shown, documents } = await released("psi-ids");
  const body = allowing(documents.grant.body, FORM_OPERATIONS["psi-cardinality"]);
  const run = { ...shown.run, grant: await documentHash(body) };
  const release = await signRelease(documents.keys, run, 2);
  const grant = { body, signatures: [], policy: documents.policy };
  const page = await releasePage({ release, run, grant, now: NOW });
  expect(page.verdict.words.zh).toBe("开发运行与许可不符：产品形态在授权内");
});

test("a grant says what each operation gives its caller, how much, and what to look at twice", async () => {
  const { documents } = await city();
  const { grant, policy } = documents;
  const body = allowing(grant.body, ANSWERING);
  const text = textForm(await grantPage({ grant: { body, signatures: [], policy }, now: NOW }));
  for (const fact of [
    "得知自己名单中哪些在内；数据域不知道名单和结果；最多 100 条",
    "只得知大约有多少条在内（加噪）；数据域不知道名单和结果；最多 100 条",
    "提交加密的指标，取回加密的评分，自行解开；数据域看不到指标和评分；最多 100 行",
    "人少的组不列出；最多 100 份",
    "期满不再提供；最多 100 条·项·天",
    "隐私求交·名单比对（返回交集）",
    "隐私求交·只返回人数",
    "密态评分的线性模型视同公开",
    "存心作弊的仍可设法得知是哪些人",
    "几份报告对照",
    "使用方凭它查询；使用方的名单凭它比对；用来数每组有多少人",
  ]) {
    expect(text).toContain(fact);
  }
  const { restrictions: _, ...lookups } = grant.body;
  const plain = textForm(await grantPage({ grant: { body: lookups, signatures: [], policy }, now: NOW }));
  for (const absent of ["存心作弊", "视同公开：使用方", "使用限制"]) expect(plain).not.toContain(absent);
});

test("restrictions are listed, and one that falls away widens the grant", async () => {
  const { documents } = await city();
  const { grant, policy } = documents;
  const [kept, fallen] = ["只用于本场景的授信审批", "结果不得转给第三方"];
  const before = { ...grant.body, restrictions: [kept, fallen] };
  const after = { ...grant.body, restrictions: [kept, "三十天内删除结果"] };
  const page = await grantPage({
    grant: { body: after, signatures: [], policy },
    previous: { body: before, signatures: [], policy },
    now: NOW,
  });
  const text = textForm(page);
  expect(text).toContain("── 使用限制");
  expect(text).toContain("违反下列「使用限制」使用结果");
  expect(page.comparison?.changes.map(({ direction, text: words }) => `${direction} ${words}`)).toEqual([
    `wider 取消：${fallen}`,
    "narrower 增加：三十天内删除结果",
  ]);
});

test("a proposal shows its application, and a scene its scores and reviews", async () => {
  const { directory, documents } = await city();
  const { grant, policy } = documents;
  const proposal = { application: APPLICATION, draft: grant.body, policy };
  const review = { person: "李敏", note: "必要性清楚", party: "data-bureau", at: NOW.toISOString() };
  const scores = { economicValue: 4, socialValue: 5, businessModel: 3, dataRationale: 2 };
  const files = await writeDocuments(join(directory, "scenes"), {
    proposal,
    scene: {
      scene: grant.body.scene.scene,
      state: "reviewed",
      proposal,
      reviews: [
        { ...review, verdict: "approve", scores },
        { ...review, person: "周洋", party: "city-data-group", verdict: "reject" },
      ],
    },
  });
  const draft = await sluice(["grant", "show", files.proposal]);
  for (const text of Object.values(APPLICATION)) expect(draft.stdout).toContain(text);
  expect(draft.stdout).not.toContain("评分（1—5）");
  const scene = await sluice(["grant", "show", files.scene]);
  expect(scene.code).toBe(0);
  for (const fact of ["草案：尚未签名", "评分（1—5）", "李敏（data-bureau）", "不同意", "未经签名"]) {
    expect(scene.stdout).toContain(fact);
  }
  expect(scene.stdout).toMatch(/社会效益[^\n]*\n?[^\n]*\n?[^\n]*5/);
});

test("names come from the catalogue and from statements that the agency signed for the very key", async () => {
  const { directory, documents } = await city();
  const { keys, grant, policy, trust, run, release } = documents;
  const statement = (party: string, title: string, keyId: string): Party => ({
    type: "party",
    party,
    title,
    role: "caller",
    keyId,
    status: "active",
    at: NOW.toISOString(),
  });
  const agency = keys["data-bureau"];
  const parties = [
    await signDocument(statement("river-bank", "江河银行", keys["river-bank"].keyId), agency),
    await signDocument(statement("closed-bank", "冒名银行", keys["closed-bank"].keyId), keys["credit-lab"]),
    await signDocument(statement("credit-lab", "别人的钥匙", keys["river-bank"].keyId), agency),
  ];
  const field = { type: "integer", role: "other", grade: "general-2" };
  const resource = {
    domain: "hrss",
    resource: "social-insurance",
    title: "社会保险缴费",
    format: "csv",
    source: "demo",
    updateFrequency: "month",
    approximateRows: 20_000,
    fields: [
      { name: "months_insured", title: "参保月数", ...field },
      { name: "age", title: "", ...field },
    ],
    snapshot: "00".repeat(32),
    importedAt: NOW.toISOString(),
  };
  const { receiptKey = "", logKey = "", logOrigin = "" } = trust.domains["hrss"] ?? {};
  const files = await writeDocuments(join(directory, "named"), {
    catalogue: { domains: [{ domain: "hrss", receiptKey, logKey, logOrigin, resources: [resource] }] },
    parties: { parties },
    trust,
    delivery: { grant, policy },
    run,
    release,
  });
  const named = ["--catalogue", files.catalogue, "--parties", files.parties, "--trust", files.trust];
  const shown = await sluice(["grant", "show", files.delivery, ...named]);
  expect(shown.stderr).toBe("");
  for (const fact of [
    "江河银行（river-bank）",
    "江河银行、closed-bank 使用",
    "参保月数",
    "社会保险缴费（social-insurance）",
  ]) {
    expect(shown.stdout).toContain(fact);
  }
  for (const absent of ["冒名银行", "别人的钥匙"]) expect(shown.stdout).not.toContain(absent);
  const beside = ["--grant", files.delivery, "--report", files.run];
  const page = await sluice(["release", "show", files.release, ...beside, ...named]);
  expect(page.stdout).toContain("使用方 江河银行、closed-bank 凭 resident_id");
  expect(page.stdout).toContain("参保月数");
  const wrong = await sluice(["grant", "show", files.delivery, "--parties", files.catalogue]);
  expect(wrong.stderr).toMatch(/^error ERR_USAGE: parties file .+ does not fit its schema/);
});

test("a release of a set says how lists are matched, what the domain keeps for it, and what a key would give away", async () => {
  const sets = [
    ["psi-ids", undefined, "unequal: ", "筛选表"],
    ["psi-ids", "unequal", "unequal: ", "筛选表"],
    ["psi-ids", "equal", "equal: ", "不经意传输"],
    ["psi-cardinality", undefined, "count: ", "打乱次序"],
  ] as const;
  for (const [match, sides, english, words] of sets) {
    const set = { kind: "set" as const, match, ...(sides === undefined ? {} : { sides }) };
    const { shown } = await released(match, { fit: FIT, members: set });
    const { sections } = await releasePage(shown);
    const [section, ...more] = sections.filter(({ title }) => title.en === "How lists are matched");
    expect(more).toEqual([]);
    const rows = section?.rows.map((row) => row.map(({ text }) => text).join(" ")) ?? [];
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain(`（${english}`);
    expect(rows[0]).toContain(words);
  }
  const { shown } = await released("report");
  expect(textForm(await releasePage(shown))).not.toContain("名单怎样比对");
});
