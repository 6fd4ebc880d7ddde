/** ODRL 2.2 agreements of two grants: held against what the information model requires, and against written vectors.
 *  @module */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentHash, type Grant, type SignedGrant } from "@sluice/protocol";
import { odrlAgreement } from "../src/verify.ts";

const keyId = (letter: string) => `ed25519:${letter.repeat(43)}`;
const party = (name: string, letter: string) => ({ party: name, keyId: keyId(letter) });
const signature = (letter: string) => ({ suite: "ed25519" as const, keyId: keyId(letter), value: "A".repeat(86) });

const LOOKUP: Grant = {
  type: "grant",
  domain: "hrss",
  resource: "insured",
  scene: { scene: "credit", title: "普惠信贷", purpose: "inclusive-credit", value: "Credit for small firms." },
  key: "person_id",
  fields: [
    { name: "age", need: "risk" },
    { name: "region", need: "risk" },
  ],
  policy: "ab".repeat(32),
  operations: ["develop", "build", "lookup.evaluate", "lookup.query"],
  operator: party("group", "O"),
  developer: party("lab", "L"),
  callers: [party("bank", "B"), party("other-bank", "C")],
  notBefore: "2026-01-01T00:00:00.000Z",
  notAfter: "2027-01-01T00:00:00.000Z",
  quotas: [
    { operation: "develop", amount: "10" },
    { operation: "lookup.query", amount: "100000" },
  ],
  consent: { kind: "subject-consent", field: "consented" },
  price: { kind: "per-unit", unit: "pir-query", amount: "0.05", currency: "CNY" },
  restrictions: ["不得据此单独作出拒贷决定", "Answers are not passed on."],
};

const REPORT: Grant = {
  ...LOOKUP,
  domain: "market",
  resource: "companies",
  scene: { scene: "market-report", title: "营商环境", purpose: "statistics", value: "A report." },
  operations: ["report"],
  callers: [party("bureau-of-statistics", "S")],
  quotas: [{ operation: "report", amount: "12" }],
  consent: { kind: "legal-basis", basis: "a statute" },
  price: { kind: "free", reason: "public interest" },
};
const { restrictions: _restrictions, ...UNRESTRICTED } = REPORT;

const signed = (body: Grant): SignedGrant => ({ body, signatures: [signature("D"), signature("A")] });

type Json = Record<string, unknown>;
const list = (value: unknown): Json[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]) as Json[];

/** Required members of the ODRL information model 2.2, read from the recommendation and not from our code. */
function faultsOf(policy: Json): string[] {
  const faults: string[] = [];
  const need = (holds: boolean, what: string): unknown => holds || faults.push(what);
  const iri = (value: unknown): boolean => typeof value === "string" && /^[a-z][a-z0-9+.-]*:\S+$/.test(value);
  need(
    list(policy["@context"]).some((one) => (one as unknown) === "http://www.w3.org/ns/odrl.jsonld"),
    "2.1 context",
  );
  need(policy["@type"] === "Agreement", "2.1.3 subclass");
  need(iri(policy["uid"]), "2.1 uid");
  need(iri(policy["profile"]), "4 profile of own terms");
  const rules = [...list(policy["permission"]), ...list(policy["prohibition"])];
  need(rules.length > 0, "2.1 at least one rule");
  for (const rule of rules) {
    for (const member of ["target", "assigner", "assignee"]) {
      need(list(rule[member]).length === 1 && iri((rule[member] as Json)["uid"]), `2.6 ${member}`);
    }
    const actions = list(rule["action"]);
    need(actions.length === 1, "2.6 exactly one action");
    // Actions of a profile end in one of the two top-level actions (3.1).
    for (const action of actions) {
      need(["odrl:use", "odrl:transfer"].includes(String((action["includedIn"] as Json)["@id"])), "3.1 includedIn");
    }
    const duties = list(rule["duty"]);
    for (const duty of duties) {
      need(list(duty["action"]).length === 1, "2.6.4 action of a duty");
      for (const action of list(duty["action"])) need("rdf:value" in action, "2.5 refined action");
    }
    const refined = [...list((rule["target"] as Json)["refinement"]), ...duties.flatMap((d) => list(d["action"]))];
    const constraints = [...list(rule["constraint"]), ...refined.flatMap((one) => list(one["refinement"] ?? one))];
    for (const one of constraints) {
      for (const operand of ["leftOperand", "operator", "rightOperand"])
        need(one[operand] !== undefined, `2.5.1 ${operand}`);
      const operators = [
        "eq",
        "gt",
        "gteq",
        "lt",
        "lteq",
        "neq",
        "isA",
        "hasPart",
        "isPartOf",
        "isAllOf",
        "isAnyOf",
        "isNoneOf",
      ];
      need(operators.includes(String(one["operator"])), "3.4 operator");
    }
  }
  return faults;
}

test.each([LOOKUP, REPORT, UNRESTRICTED])(
  "an agreement has every member that the information model requires",
  async (grant) => {
    const agreement = JSON.parse(JSON.stringify(await odrlAgreement(signed(grant)))) as Json;
    expect(faultsOf(agreement)).toEqual([]);
    expect(agreement["uid"]).toBe(`urn:sluice:grant:${await documentHash(grant)}`);
    // The checker sees what is missing.
    for (const member of ["@type", "uid", "profile", "permission"]) {
      const { [member]: _removed, ...rest } = agreement;
      expect(faultsOf(member === "permission" ? { ...rest, prohibition: [] } : rest)).not.toEqual([]);
    }
  },
);

test("a quota that callers share is one count of all of them", async () => {
  const { permission } = await odrlAgreement(signed(LOOKUP));
  const query = permission.find(({ action }) => action["@id"] === "sluice:lookup.query");
  expect(query?.assignee).toMatchObject({ "@type": "PartyCollection" });
  expect(query?.constraint[0]).toMatchObject({ operator: "lteq", rightOperand: { "@value": "100000" } });
  const evaluate = permission.find(({ action }) => action["@id"] === "sluice:lookup.evaluate");
  // Without a quota nothing may be done.
  expect(evaluate?.constraint[0]).toMatchObject({ rightOperand: { "@value": "0" } });
});

test("only what is charged has the duty to pay, and only a build that of consent", async () => {
  const { permission } = await odrlAgreement(signed(LOOKUP));
  const duties = permission.map(({ action, duty }) => [action["@id"], duty?.[0]?.action[0]?.["rdf:value"]["@id"]]);
  expect(duties).toEqual([
    ["sluice:develop", undefined],
    ["sluice:build", "odrl:obtainConsent"],
    ["sluice:lookup.evaluate", undefined],
    ["sluice:lookup.query", "odrl:compensate"],
  ]);
});

test.each([
  ["lookup", LOOKUP],
  ["report", UNRESTRICTED],
] as const)("the agreement of the %s grant is the one of the vector", async (name, grant) => {
  const file = new URL(`vectors/odrl-${name}.json`, import.meta.url);
  expect(await odrlAgreement(signed(grant))).toEqual(JSON.parse(readFileSync(file, "utf8")));
});
