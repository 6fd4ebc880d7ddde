/** Consent of persons, and lookups beside long lists. @module */
import { signDocument, type KeyPair } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { LookupClient } from "@sluice/mpc/lookup/client";
import { blind } from "@sluice/mpc/oprf/client";
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  BINARY_MEDIA_TYPE,
  decodeLabelRecord,
  encodeCall,
  encodePsiQuery,
  fromHex,
  isSluiceError,
  maxPsiElements,
  utf8,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  ask,
  deliverFormsGrant,
  serveForm,
  setJob,
  spentUnits,
  type AnsweringProduct,
} from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  consentOf,
  get,
  grantBody,
  JOB,
  openFixture,
  plainBand,
  postJson,
  random,
  sealedCall,
  type Fixture,
} from "./serving-fixture.ts";

const CONSENT = { consent: { kind: "subject-consent", field: "consented" } } as const;

let fixture: Fixture;
let grant: string;
let bands: AnsweringProduct;
let ids: AnsweringProduct;

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverFormsGrant(fixture, { "psi.ids": "200000" }, CONSENT);
  bands = await serveForm(fixture, grant, "bands", JOB);
  ids = await serveForm(fixture, grant, "ids", setJob("psi-ids"));
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

async function lookup(key: string): Promise<string | null> {
  const { snapshot, snapshotHash } = bands;
  if (snapshot.type !== "lookup-snapshot") throw new Error("not a lookup");
  const hint = await get(fixture, `/v1/products/bands/snapshots/${snapshotHash}/hint`);
  const asked = (await LookupClient.open({ snapshot, snapshotHash, hints: [hint] })).start(key, random);
  const query = await asked.evaluated((await ask(fixture, bands, "lookup.evaluate", asked.frame)).content);
  const record = await query.finish((await ask(fixture, bands, "lookup.query", query.frame)).content);
  return record === null ? null : (snapshot.vocabulary[decodeLabelRecord(record)] ?? null);
}

const refusalOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer;
    return "an answer";
  } catch (error) {
    if (isSluiceError(error)) return error.code;
    throw error;
  }
};

test("a person who did not say yes is in no index: neither a no nor a missing answer is consent", async () => {
  expect([consentOf(0), consentOf(1), consentOf(2)]).toEqual(["", "false", "true"]);
  for (const i of [0, 1, 8, 9]) expect(await lookup(`P${i}`)).toBeNull();
  for (const i of [2, 7, 399]) expect(await lookup(`P${i}`)).toBe(plainBand(i));
});

test("a list meets those persons alone who are in the set and consented", async () => {
  const { snapshot, snapshotHash } = ids;
  if (snapshot.type !== "psi-snapshot") throw new Error("not a set");
  const set = await get(fixture, `/v1/products/ids/snapshots/${snapshotHash}/set`);
  const listed = Array.from({ length: 80 }, (_, i) => i);
  const old = listed.filter((i) => bucketOfAge(i) >= 60);
  const expected = old.filter((i) => consentOf(i) === "true").map((i) => `P${i}`);
  expect(expected.length).toBeLessThan(old.length);
  const query = await (await PsiIdsReceiver.open({ snapshot, snapshotHash, set })).start(listed.map((i) => `P${i}`));
  expect(await query.finish((await ask(fixture, ids, "psi.ids", query.frame)).content)).toEqual(expected);
});

test("consent of persons takes the place of no signature, and stands in a field that tells yes or no", async () => {
  const { agency, department, operator } = fixture.parties;
  const body = await grantBody(fixture, CONSENT);
  const deliver = async (signer: KeyPair, ...others: KeyPair[]): Promise<string> => {
    const signed = await signDocument(body, signer, ...others);
    return refusalOf(postJson(fixture, "/v1/grants", { grant: signed, policy: fixture.policy }));
  };
  expect(await deliver(agency)).toBe("ERR_SIGNATURE");
  expect(await deliver(agency, operator)).toBe("ERR_SIGNATURE");
  expect(await deliver(agency, department)).toBe("an answer");
  for (const field of ["age", "name", "absent"]) {
    const consent = { kind: "subject-consent", field } as const;
    expect(await refusalOf(deliverFormsGrant(fixture, {}, { consent }))).toBe("ERR_BODY_INVALID");
  }
});

test("a lookup is answered while the longest list is worked on, and whoever leaves ends the work on its list", async () => {
  // One element over and over: as much work for the domain as a list of persons, and none for this process.
  const { blindedElement } = blind(utf8("anybody"), random);
  const count = maxPsiElements("psi-ids");
  const elements = new Uint8Array(count * blindedElement.length);
  for (let i = 0; i < count; i++) elements.set(blindedElement, i * blindedElement.length);
  const frame = encodePsiQuery({ snapshot: fromHex(ids.snapshotHash), elements });
  const call = await sealedCall(fixture, frame, {
    operation: "psi.ids",
    grant,
    product: "ids",
    bundle: ids.snapshot.bundle,
    key: fixture.parties.caller,
  });
  const url = `${fixture.domain.url}/v1/calls`;
  const body = new Uint8Array(encodeCall(call.envelope));
  const signature = await signHttp({ method: "POST", url, body }, fixture.parties.gateway, { clock, random });
  const headers = { "content-type": BINARY_MEDIA_TYPE, ...signature };
  const before = spentUnits(fixture, grant, "psi.ids");
  const leave = new AbortController();
  const ended: string[] = [];
  const list = fetch(url, { method: "POST", headers, body, signal: leave.signal }).then(
    () => ended.push("list"),
    () => ended.push("list, left"),
  );
  // It is paid for before it is worked on.
  while (spentUnits(fixture, grant, "psi.ids") === before) await new Promise((resolve) => setImmediate(resolve));
  expect(await lookup("P2")).toBe(plainBand(2));
  ended.push("lookup");
  leave.abort();
  await list;
  expect(ended).toEqual(["lookup", "list, left"]);
  expect(spentUnits(fixture, grant, "psi.ids") - before).toBe(count);
});
