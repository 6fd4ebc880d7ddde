/** What an officer is told has changed since the last grant or release, and which way.
 *  @module */
import { documentHash, type Grant, type Policy, type Transform } from "@sluice/protocol";
import { expect, test } from "vitest";
import { grantChanges } from "../src/officer/grant-changes.ts";
import { policyChanges } from "../src/officer/policy-changes.ts";
import { transformDirection } from "../src/officer/policy-words.ts";
import { releaseChanges } from "../src/officer/release-changes.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { officerDocuments, writeDocuments } from "./officer-documents.ts";

/** Changes between the scene's grant and the same with `change`, as `direction topic`. */
async function changesBy(change: Partial<Grant>): Promise<string[]> {
  const { grant, policy } = await officerDocuments(await temporaryDirectory());
  const changes = grantChanges({ body: grant.body, policy }, { body: { ...grant.body, ...change }, policy });
  return changes.map(({ direction, topic }) => `${direction} ${topic.en}`);
}

test("the same grant has no changes, and the page says so", async () => {
  expect(await changesBy({})).toEqual([]);
  const directory = await temporaryDirectory();
  const { grant } = await officerDocuments(directory);
  const files = await writeDocuments(directory, { grant });
  expect((await sluice(["grant", "show", files.grant, "--previous", files.grant])).stdout).toContain("  没有变化\n");
});

test("each thing that may change is told, with whether more or less is allowed", async () => {
  const { grant, keys } = await officerDocuments(await temporaryDirectory());
  const { body } = grant;
  const [first, second] = body.callers;
  if (first === undefined || second === undefined) throw new Error("two callers are in the scene");
  const cases: [Partial<Grant>, string[]][] = [
    [{ fields: [...body.fields, { name: "income", need: "more" }] }, ["wider fields"]],
    [{ fields: body.fields.slice(1) }, ["narrower fields"]],
    [
      { fields: body.fields.map((field) => ({ ...field, need: `${field.need}!` })).slice(0, 9) },
      Array<string>(9).fill("other fields"),
    ],
    [{ selections: { most: 2, epsilon: "1" } }, ["wider quotas"]],
    [{ key: "phone" }, ["other scope"]],
    [{ domain: "health" }, ["other scope"]],
    [{ resource: "visits" }, ["other scope"]],
    [{ operations: ["develop", "build"] }, ["narrower operations", "narrower operations"]],
    [
      { quotas: body.quotas.map((quota) => ({ ...quota, amount: `${quota.amount}0` })) },
      Array<string>(4).fill("wider quotas"),
    ],
    [{ quotas: [...body.quotas, { operation: "build", amount: "1" }] }, ["narrower quotas"]],
    [{ notAfter: "2030-01-01T00:00:00.000Z" }, ["wider term"]],
    [{ notBefore: "2027-01-01T00:00:00.000Z" }, ["narrower term"]],
    [{ notBefore: "2020-01-01T00:00:00.000Z", notAfter: "2026-12-01T00:00:00.000Z" }, ["wider term", "narrower term"]],
    [{ notAfter: "2030-99-01T00:00:00.000Z" }, ["other term"]],
    [{ callers: [first] }, ["narrower parties"]],
    [{ callers: [first, { party: second.party, keyId: keys.recovery.keyId }] }, ["wider parties", "narrower parties"]],
    [{ operator: first }, ["other parties"]],
    [{ developer: { party: "credit-lab", keyId: keys.recovery.keyId } }, ["other parties"]],
    [{ scene: { ...body.scene, purpose: "marketing", value: "none" } }, ["other purpose", "other purpose"]],
    [{ consent: { kind: "subject-consent", field: "agreed" } }, ["other legal basis"]],
    [{ price: { kind: "per-unit", unit: "pir-query", amount: "1", currency: "CNY" } }, ["other price"]],
    [{ policy: "00".repeat(32) }, ["other policy"]],
  ];
  for (const [change, expected] of cases) expect(changesFrom(body, change)).toEqual(expected);

  function changesFrom(before: Grant, change: Partial<Grant>): string[] {
    const changes = grantChanges({ body: before, policy: null }, { body: { ...before, ...change }, policy: null });
    return changes.map(({ direction, topic }) => `${direction} ${topic.en}`);
  }
});

test("more hidden selections or a larger ε is wider, less of both narrower", async () => {
  const { grant, policy } = await officerDocuments(await temporaryDirectory());
  const by = (from: Grant["selections"], to: Grant["selections"]): string[] => {
    const body = (selections: Grant["selections"]) => ({ body: { ...grant.body, selections }, policy });
    return grantChanges(body(from), body(to)).map(({ direction }) => direction);
  };
  const usual = { most: 3, epsilon: "2" };
  expect(by(usual, { most: 3, epsilon: "2" })).toEqual([]);
  expect(by(usual, { most: 1, epsilon: "2.5" })).toEqual(["wider"]);
  expect(by(usual, { most: 4, epsilon: "1" })).toEqual(["wider"]);
  expect(by(usual, { most: 3, epsilon: "1" })).toEqual(["narrower"]);
  expect(by(usual, undefined)).toEqual(["narrower"]);
});

test("a policy is compared column by column when both are at hand, and by hash when one is missing", async () => {
  const directory = await temporaryDirectory();
  const { grant, policy, previousGrant, previousPolicy } = await officerDocuments(directory);
  const files = await writeDocuments(directory, {
    delivery: { grant, policy },
    previous: { grant: previousGrant, policy: previousPolicy },
    grant: previousGrant,
    swapped: { grant: previousGrant, policy },
  });
  const both = await sluice(["grant", "show", files.delivery, "--previous", files.previous]);
  expect(both.stdout).toMatch(/【收紧】脱敏：字段 age：由「每 10 一档.+改为「每 20 一档/);
  expect(both.stdout).toContain("【放宽】脱敏：每组最少行数 k：10 → 5");
  expect(both.stdout).toContain("【放宽】字段：增加字段 fund_months");
  expect(both.stdout).toContain("【放宽】主体：增加使用方 closed-bank");
  expect(both.stdout).toContain("200,000 条（20 万） → 1,000,000 条（100 万）");
  const hash = (await documentHash(previousPolicy)).slice(0, 4);
  for (const file of [files.grant, files.swapped]) {
    const { stdout } = await sluice(["grant", "show", files.delivery, "--previous", file]);
    expect(stdout).toMatch(new RegExp(`【改动】脱敏：脱敏策略已更换（${hash} .+缺一份策略文件`));
  }
});

test("a previous document that is forged, or of another scene, is said to be", async () => {
  const directory = await temporaryDirectory();
  const { grant, previousGrant, trust } = await officerDocuments(directory);
  const { body, signatures } = previousGrant;
  const files = await writeDocuments(directory, {
    grant,
    trust,
    forged: { body: { ...body, key: "phone" }, signatures },
    other: { ...body, scene: { ...body.scene, scene: "another" } },
  });
  const forged = await sluice(["grant", "show", files.grant, "--previous", files.forged, "--trust", files.trust]);
  expect(forged.stdout).toContain("[✗] 上一版授权：签名无效");
  expect(forged.code).toBe(1);
  const other = await sluice(["grant", "show", files.grant, "--previous", files.other]);
  expect(other.stdout).toContain("[!] 上一版属于另一个场景");
});

test("a transform that shows more is wider, one that shows less narrower, and others are not ordered", () => {
  const drop: Transform = { kind: "drop" };
  const keep: Transform = { kind: "keep" };
  const mask = (keepFirst: number, keepLast: number): Transform => ({ kind: "mask", keepFirst, keepLast });
  const bucket = (width: number, max = 60): Transform => ({ kind: "bucket", width, min: 20, max });
  const wider: [Transform, Transform][] = [
    [drop, { kind: "token" }],
    [drop, keep],
    [{ kind: "token" }, keep],
    [mask(2, 0), mask(2, 4)],
    [
      { kind: "generalize", length: 2 },
      { kind: "generalize", length: 4 },
    ],
    [bucket(20), bucket(10)],
  ];
  for (const [less, more] of wider) {
    expect(transformDirection(less, more)).toBe("wider");
    expect(transformDirection(more, less)).toBe("narrower");
  }
  const unordered: [Transform, Transform][] = [
    [mask(3, 0), mask(0, 4)],
    [bucket(20), bucket(20, 80)],
    [{ kind: "token" }, mask(2, 0)],
  ];
  for (const [a, b] of unordered) expect(transformDirection(a, b)).toBe("other");
});

test("a change of the sample is told", async () => {
  const { policy } = await officerDocuments(await temporaryDirectory());
  const after: Policy = {
    ...policy,
    sample: { rows: 5_000, strata: ["region"] },
    k: 9,
    suppressionLimit: 0.2,
    columns: { ...policy.columns, age: { ...policy.columns["age"], role: "sensitive", transform: { kind: "drop" } } },
  };
  const changes = policyChanges(policy, after, new Set(["age", "constructor"]));
  expect(changes.map(({ direction }) => direction)).toEqual([
    "narrower",
    "other",
    "wider",
    "narrower",
    "other",
    "other",
  ]);
});

test("a change of the method of sampling is told, and saying the usual one is none", async () => {
  const { policy } = await officerDocuments(await temporaryDirectory());
  const by = (method: "exact" | "hash"): Policy => ({ ...policy, sample: { ...policy.sample, method } });
  expect(policyChanges(policy, by("exact"), new Set())).toEqual([]);
  expect(policyChanges(policy, by("hash"), new Set())).toEqual([
    { direction: "other", text: "抽样方法：由定额分层改为密钥散列" },
  ]);
});

test("a change of what a sample must pass is told with the circumstances that the department vouches for", async () => {
  const { gate: _, ...policy } = (await officerDocuments(await temporaryDirectory())).policy;
  const context = { control: "high", motive: "low", acquaintances: 3 } as const;
  const told = (after: Policy): string[] => policyChanges(policy, after, new Set()).map(({ text }) => text);
  const [text = ""] = told({ ...policy, gate: { context, minRows: 500 } });
  expect(text).toContain("150 个熟人从严计算");
  expect(text).toContain("管控高、动机与能力低、熟人 3 个");
  expect(text).toContain("至少 500 行");
  expect(told({ ...policy, sharing: "enclave" })).toEqual([expect.stringContaining("改为「样本按领地公开共享")]);
  expect(told({ ...policy, sharing: "controlled", gate: {} })).toEqual([]);
});

test("each hash of a release that changed is told", async () => {
  const { release, previousRelease } = await officerDocuments(await temporaryDirectory());
  const [before, after] = [previousRelease.body, release.body];
  expect(releaseChanges(after, after)).toEqual([]);
  expect(releaseChanges(before, after).map(({ topic }) => topic.en)).toEqual(["product", "bundle", "time"]);
  const hash = "00".repeat(32);
  const all = {
    ...after,
    domain: "health",
    product: "other",
    manifest: hash,
    model: hash,
    guardReport: hash,
    grant: hash,
  };
  expect(releaseChanges(after, all).map(({ topic }) => topic.en)).toEqual([
    "product",
    "product",
    "manifest",
    "model",
    "guard",
    "grant",
  ]);
});

test("changes that widen come first", async () => {
  const directions = (
    await changesBy({ notBefore: "2026-12-01T00:00:00.000Z", key: "phone", notAfter: "2030-01-01T00:00:00.000Z" })
  ).map((text) => text.split(" ")[0]);
  expect(directions).toEqual(["wider", "other", "narrower"]);
});
