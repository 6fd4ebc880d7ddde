import { Certificate, documentHash, type Policy, type RiskReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { assessRisk, commitSeed, createCertificate, reportSalt, type RiskFacts } from "../src/index.ts";
import { policyOf } from "./fixtures.ts";

const hash = (digit: string): string => digit.repeat(64);
const COLUMNS = { region: { role: "quasi", transform: { kind: "keep" } } } as const;
const CONTEXT = { context: { control: "high", motive: "low", acquaintances: 0 } } as const;

async function reportOn(change: Partial<Policy> = {}, facts: Partial<RiskFacts> = {}): Promise<[Policy, RiskReport]> {
  const policy = policyOf(COLUMNS, { k: 5, gate: CONTEXT, ...change });
  const rowCount = 14;
  const report = assessRisk({
    policy,
    policyHash: await documentHash(policy),
    sourceSnapshot: hash("1"),
    versions: { desensitize: "1.2.3", engine: "DuckDB v1" },
    salt: hash("2"),
    source: { rows: 20_412, persons: 20_412 },
    drawn: { rows: 15, persons: 15 },
    batch: {
      rowCount,
      columns: { region: { type: "i32", values: Int32Array.from({ length: rowCount }, (_, i) => i & 1) } },
    },
    quasi: ["region"],
    shown: ["region"],
    residual: [],
    transformFailures: [],
    ...facts,
  });
  return [policy, report];
}

const secrets = {
  key: "id",
  fields: ["region"],
  seed: new Uint8Array(32).fill(1),
  salt: new Uint8Array(32).fill(2),
  at: new Date("2026-02-03T04:05:06.789Z"),
};

test("a certificate names what was measured: rounded up where the whole table is in it, and the report by its hash", async () => {
  const [policy, report] = await reportOn();
  const certificate = await createCertificate({ policy, report, ...secrets });
  expect(Certificate.parse(certificate)).toEqual(certificate);
  expect(certificate).toEqual({
    policy: await documentHash(policy),
    resource: "people",
    sourceSnapshot: hash("1"),
    sourceRowsRounded: 20_000,
    sampleRows: 14,
    suppressedRows: 1,
    quasiIdentifiers: ["region"],
    key: "id",
    fields: ["region"],
    k: 7,
    seedCommitment: await commitSeed(secrets.seed, secrets.salt),
    at: "2026-02-03T04:05:06.789Z",
    level: 3,
    overallRisk: 0.02,
    classRisk: 0.15,
    contextRisk: 0.14,
    sharing: "controlled",
    verdict: "passed",
    transformFailures: [],
    versions: { desensitize: "1.2.3", engine: "DuckDB v1" },
    report: await documentHash(report),
  });
});

test.each<[string, Partial<Policy>, Partial<RiskFacts>, object]>([
  ["k", { k: 8 }, {}, { code: "ERR_SAMPLE_K", details: { k: 8, limit: 0.1 } }],
  ["the suppression limit", {}, { drawn: { rows: 16, persons: 16 } }, { code: "ERR_SAMPLE_K" }],
  [
    "a model beside k",
    { model: { algorithm: "mondrian", l: 3, t: 0.2 } },
    { model: "not kept" },
    { code: "ERR_SAMPLE_MODEL", details: { demands: "k, l, t", limit: 0.1 } },
  ],
  [
    "a stricter share of suppression",
    { gate: { ...CONTEXT, maxSuppression: 0.05 } },
    {},
    { code: "ERR_SAMPLE_GATE", details: { rule: "suppression", pointer: "/gate/maxSuppression", limit: 0.05 } },
  ],
  [
    "rows",
    { gate: { ...CONTEXT, minRows: 15 } },
    {},
    { code: "ERR_SAMPLE_GATE", details: { rule: "min-rows", pointer: "/gate/minRows", limit: 15 } },
  ],
  [
    "an identifier",
    {},
    { residual: [{ column: "note", kind: "mobile-number", values: 7 }] },
    {
      code: "ERR_SAMPLE_GATE",
      details: { rule: "residual-identifiers", pointer: "/columns/note/transform", limit: 0 },
    },
  ],
  [
    "invalid values",
    {},
    { transformFailures: [{ column: "card", values: 3, share: 0.011 }] },
    { code: "ERR_SAMPLE_GATE", details: { rule: "invalid-values", pointer: "/columns/card/transform", limit: 0.01 } },
  ],
  [
    "the overall risk",
    { gate: { minRows: 1 }, sharing: "controlled" },
    { source: { rows: 100, persons: 100 } },
    { code: "ERR_SAMPLE_GATE", details: { rule: "overall-risk", pointer: "/k", limit: 0.05 } },
  ],
  ["public sharing", { sharing: "public" }, {}, { code: "ERR_SAMPLE_GATE", details: { rule: "overall-risk" } }],
])(
  "there is none for a sample that breaks %s, and the refusal holds declared facts only",
  async (_, change, facts, told) => {
    const [policy, report] = await reportOn(change, facts);
    expect(report.verdict).toBe("refused");
    await expect(createCertificate({ policy, report, ...secrets })).rejects.toMatchObject(told);
  },
);

test("there is none below level 3, whatever the report's verdict says", async () => {
  const [policy, report] = await reportOn();
  const forged: RiskReport = { ...report, level: 2 };
  await expect(createCertificate({ policy, report: forged, ...secrets })).rejects.toMatchObject({
    code: "ERR_SAMPLE_GATE",
  });
});

test("the seed's commitment and the report's salt depend on all that is in them", async () => {
  const { seed, salt } = secrets;
  const other = new Uint8Array(32);
  const made = [await commitSeed(seed, salt), await commitSeed(other, salt), await commitSeed(seed, other)];
  const salts = [
    await reportSalt(seed, hash("a")),
    await reportSalt(other, hash("a")),
    await reportSalt(seed, hash("b")),
  ];
  expect(new Set([...made, ...salts]).size).toBe(6);
  expect(await commitSeed(seed, salt)).toBe(made[0]);
});
