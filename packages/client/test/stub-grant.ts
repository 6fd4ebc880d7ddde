/** The grant behind the stub's products.
 *  @module */
import { signDocument, type KeyPair } from "@sluice/evidence";
import { documentHash, type Grant, type GrantDelivery, type Policy } from "@sluice/protocol";

/** A grant to `caller`, signed by department and agency, with its policy. */
export async function grantOf(caller: KeyPair, department: KeyPair, agency: KeyPair): Promise<GrantDelivery> {
  return { grant: await signDocument(await grantBody(caller), department, agency), policy: POLICY };
}

const POLICY: Policy = {
  version: 1,
  resource: "insured",
  columns: {},
  sample: { rows: 10, strata: [] },
  k: 2,
  suppressionLimit: 0.1,
};

async function grantBody({ keyId }: KeyPair): Promise<Grant> {
  const party = { party: "bank", keyId };
  return {
    type: "grant",
    domain: "hrss",
    resource: "insured",
    scene: { scene: "inclusive-credit", title: "Credit", purpose: "medical-aid", value: "A test." },
    key: "person_id",
    fields: [{ name: "age", need: "a test" }],
    policy: await documentHash(POLICY),
    operations: ["lookup.evaluate", "lookup.query"],
    operator: party,
    developer: party,
    callers: [party],
    notBefore: "2026-01-01T00:00:00.000Z",
    notAfter: "2036-01-01T00:00:00.000Z",
    quotas: [{ operation: "lookup.query", amount: "10" }],
    consent: { kind: "legal-basis", basis: "a test" },
    price: { kind: "free", reason: "a test" },
    restrictions: ["Answers decide about nobody alone."],
  };
}
