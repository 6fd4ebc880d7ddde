/** Scenes: proposed against the catalogue, reviewed in order by distinct people, granted exactly as reviewed.
 *  @module */
import { generateKey, signDocument, type KeyPair } from "@sluice/evidence";
import { documentHash } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf, type Answer } from "./city.ts";
import { clock } from "./directories.ts";

let city: City;
beforeAll(async () => {
  city = await City.start();
});
afterAll(() => city.close());

const propose = async (draft: Awaited<ReturnType<City["draft"]>>, policy = city.policy()) =>
  city.send("lab", "POST", "/v1/scenes", city.proposal(draft, policy));
const review = (scene: string, actor: "group" | "bureau", person: string, verdict?: "reject") =>
  city.send(actor, "POST", `/v1/scenes/${scene}/reviews`, city.scored(person, verdict));
const state = async (scene: string) => (await city.send("lab", "GET", `/v1/scenes/${scene}`)).json["state"];

test("a proposal may name fields of the catalogue only", async () => {
  const draft = await city.draftOf("fields");
  expect(codeOf(await propose({ ...draft, fields: [{ name: "income", need: "x" }] }))).toBe("ERR_GRANT_FIELD");
  expect(codeOf(await propose({ ...draft, key: "name" }))).toBe("ERR_GRANT_FIELD");
  expect(codeOf(await propose({ ...draft, joinFields: ["income"] }))).toBe("ERR_GRANT_FIELD");
  // A column to join by is hidden from jobs, as the key is.
  const [shown] = draft.fields.map(({ name }) => name);
  expect(codeOf(await propose({ ...draft, joinFields: [shown ?? ""] }))).toBe("ERR_BODY_INVALID");
  const consent = { kind: "subject-consent", field: "agreed" } as const;
  expect(codeOf(await propose({ ...draft, consent }))).toBe("ERR_GRANT_FIELD");
  const policy = { ...city.policy(), columns: { income: { role: "other", transform: { kind: "drop" } } } } as const;
  expect(codeOf(await propose({ ...draft, policy: await documentHash(policy) }, policy))).toBe("ERR_POLICY_COLUMN");
  expect(codeOf(await propose({ ...draft, resource: "nothing" }))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await propose({ ...draft, domain: "nowhere" }))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.send("lab", "GET", "/v1/scenes/fields"))).toBe("ERR_NOT_FOUND");
});

test("a proposal must hash its policy, have a term, and name registered parties with their keys", async () => {
  const draft = await city.draftOf("parties");
  expect(codeOf(await propose({ ...draft, policy: "0".repeat(64) }))).toBe("ERR_BODY_INVALID");
  expect(codeOf(await propose({ ...draft, notAfter: draft.notBefore }))).toBe("ERR_BODY_INVALID");
  const [bank] = draft.callers;
  if (bank === undefined) throw new RangeError("the draft has a caller");
  const stolen = { party: "bank", keyId: city.keys.lab.keyId };
  for (const change of [
    { callers: [stolen] },
    { operator: bank },
    { developer: stolen },
    { callers: [{ ...bank, party: "nobody" }] },
  ]) {
    expect(codeOf(await propose({ ...draft, ...change }))).toBe("ERR_GRANT_PARTY");
  }
});

test("a proposal can be repeated, and not replaced", async () => {
  const draft = await city.draftOf("repeated");
  expect(codeOf(await propose(draft))).toBe(201);
  expect(codeOf(await propose(draft))).toBe(201);
  expect(codeOf(await propose({ ...draft, notAfter: "2030-01-01T00:00:00.000Z" }))).toBe("ERR_CONFLICT");
});

test("operator, then agency, by two people; every other order is refused", async () => {
  await propose(await city.draftOf("order"));
  expect(codeOf(await review("order", "bureau", "Zhao Min"))).toBe("ERR_STATE");
  expect(codeOf(await review("order", "group", "Lin Hua"))).toBe(200);
  expect(await state("order")).toBe("pre-reviewed");
  expect(codeOf(await review("order", "group", "Another"))).toBe("ERR_STATE");
  expect(codeOf(await review("order", "bureau", " lin  HUA"))).toBe("ERR_REVIEW_SAME_PERSON");
  expect(codeOf(await review("order", "bureau", "Zhao Min"))).toBe(200);
  expect(codeOf(await review("order", "bureau", "Third"))).toBe("ERR_STATE");
  const scene = await city.send("group", "GET", "/v1/scenes/order");
  expect(scene.json).toMatchObject({
    state: "reviewed",
    reviews: [
      { person: "Lin Hua", party: "group" },
      { person: "Zhao Min", party: "bureau" },
    ],
  });
  expect(codeOf(await review("missing", "group", "Lin Hua"))).toBe("ERR_NOT_FOUND");
});

test("the agency's approval scores every section of the application; the scores are shown", async () => {
  await propose(await city.draftOf("scored"));
  const give = (actor: "group" | "bureau", review: object) =>
    city.send(actor, "POST", "/v1/scenes/scored/reviews", review);
  expect(codeOf(await give("group", city.review("Lin Hua")))).toBe(200);
  const unscored = await give("bureau", city.review("Zhao Min"));
  expect([codeOf(unscored), unscored.json["details"]]).toEqual([
    "ERR_BODY_INVALID",
    expect.objectContaining({ pointer: "/scores" }),
  ]);
  const { scores, ...review } = city.scored("Zhao Min");
  const { dataRationale: _rationale, ...three } = scores;
  for (const bad of [
    three,
    {},
    { ...scores, dataRationale: 6 },
    { ...scores, dataRationale: 0 },
    { ...scores, x: 1 },
  ]) {
    expect(codeOf(await give("bureau", { ...review, scores: bad }))).toBe("ERR_BODY_INVALID");
  }
  expect(await state("scored")).toBe("pre-reviewed");
  expect(codeOf(await give("bureau", { ...review, scores }))).toBe(200);
  const { reviews } = (await city.send("bureau", "GET", "/v1/scenes/scored")).json as {
    reviews: { scores?: object }[];
  };
  expect(reviews.map((shown) => shown.scores)).toEqual([undefined, scores]);
});

test("an agency that rejects needs no scores", async () => {
  await propose(await city.draftOf("unscored"));
  await review("unscored", "group", "Lin Hua");
  const rejection = await city.send("bureau", "POST", "/v1/scenes/unscored/reviews", city.review("Zhao Min", "reject"));
  expect(rejection.json["state"]).toBe("rejected");
});

test("a proposal says why each field is needed, and applies in four sections", async () => {
  const proposal = city.proposal(await city.draftOf("needless"));
  const send = (body: object) => city.send("lab", "POST", "/v1/scenes", body);
  for (const fields of [[{ name: "age" }], [{ name: "age", need: "" }]]) {
    expect(codeOf(await send({ ...proposal, draft: { ...proposal.draft, fields } }))).toBe("ERR_BODY_INVALID");
  }
  const { dataRationale: _rationale, ...application } = proposal.application;
  expect(codeOf(await send({ ...proposal, application }))).toBe("ERR_BODY_INVALID");
  expect(codeOf(await send(proposal))).toBe(201);
});

test("a grant is read by its parties; strangers get the answer for one that is not there", async () => {
  const [bank] = (await city.draft()).callers;
  if (bank === undefined) throw new RangeError("the draft has a caller");
  const draft = await city.reviewedScene("read", { callers: [bank], restrictions: ["For credit only."] });
  const path = `/v1/grants/${await documentHash(draft)}`;
  const unknown = await city.send("other-bank", "GET", path);
  expect(codeOf(unknown)).toBe("ERR_NOT_FOUND");
  expect((await city.send("bank", "GET", path)).json).toEqual(unknown.json);
  const delivery = { grant: await city.signGrant(draft), policy: city.policy() };
  await city.send("health", "POST", "/v1/grants", delivery);
  for (const reader of ["bank", "group", "lab", "health", "bureau", "auditor"] as const) {
    expect((await city.send(reader, "GET", path)).json).toEqual(delivery);
  }
  expect((await city.send("other-bank", "GET", path)).json).toEqual(unknown.json);
});

test("a scene is read by its parties; strangers get the answer for one that is not there", async () => {
  const [bank] = (await city.draft()).callers;
  if (bank === undefined) throw new RangeError("the draft has a caller");
  const read = (reader: Parameters<City["send"]>[0], name: string) => city.send(reader, "GET", `/v1/scenes/${name}`);
  const outsiders: Record<string, KeyPair> = {};
  for (const [party, role] of [
    ["other-lab", "developer"],
    ["other-group", "operator"],
    ["tax", "source"],
  ] as const) {
    const key = await generateKey();
    const body = { type: "party", party, title: party, role, keyId: key.keyId, status: "active" } as const;
    const statement = await signDocument({ ...body, at: clock.now().toISOString() }, city.keys.bureau);
    expect(codeOf(await city.send("bureau", "PUT", `/v1/parties/${party}`, statement))).toBe(200);
    outsiders[party] = key;
  }
  const { "other-lab": otherLab, "other-group": otherGroup, tax } = outsiders;
  if (otherLab === undefined || otherGroup === undefined || tax === undefined) throw new RangeError("three outsiders");
  const name = "confidential";
  const draft = await city.reviewedScene(name, { callers: [bank] });
  const asUnknown = async (answer: Answer, reader: Parameters<City["send"]>[0]) => {
    const unknown = JSON.stringify((await read(reader, "nowhere")).json);
    expect(JSON.stringify(answer.json).replaceAll(name, "nowhere")).toBe(unknown);
  };
  expect(codeOf(await city.get(`/v1/scenes/${name}`))).toBe("ERR_HTTP_SIGNATURE");
  // A department reads what it could be asked to sign.
  for (const reader of ["bank", "group", "lab", "health", "bureau", "auditor", tax] as const) {
    expect((await read(reader, name)).json).toMatchObject({ scene: name, proposal: { draft } });
  }
  for (const reader of ["other-bank", otherLab, otherGroup] as const) await asUnknown(await read(reader, name), reader);
  // Neither a review nor the very same draft tells more.
  const review = (scene: string) =>
    city.send(otherGroup, "POST", `/v1/scenes/${scene}/reviews`, city.review("Somebody Else"));
  expect(codeOf(await review(name))).toBe("ERR_NOT_FOUND");
  expect(codeOf(await city.send("bank", "POST", `/v1/scenes/nowhere/reviews`, city.review("X")))).toBe("ERR_ROLE");
  const again = await city.send(otherLab, "POST", "/v1/scenes", city.proposal(draft));
  expect([codeOf(again), again.json["proposal"]]).toEqual(["ERR_CONFLICT", undefined]);
  await city.send("health", "POST", "/v1/grants", { grant: await city.signGrant(draft), policy: city.policy() });
  for (const reader of ["bank", "group", "lab", "health", "bureau", "auditor"] as const) {
    expect((await read(reader, name)).json).toMatchObject({ scene: name, state: "granted" });
  }
  for (const reader of ["other-bank", otherLab, otherGroup, tax] as const) {
    await asUnknown(await read(reader, name), reader);
  }
});

test("who proposed a scene reads it, also when another operator is to run it", async () => {
  const key = await generateKey();
  const body = { type: "party", party: "broker", title: "b", role: "operator", keyId: key.keyId } as const;
  const at = clock.now().toISOString();
  const statement = await signDocument({ ...body, status: "active" as const, at }, city.keys.bureau);
  await city.send("bureau", "PUT", "/v1/parties/broker", statement);
  const proposed = await city.send(key, "POST", "/v1/scenes", city.proposal(await city.draftOf("brokered")));
  expect(codeOf(proposed)).toBe(201);
  expect((await city.send(key, "GET", "/v1/scenes/brokered")).json).toEqual(proposed.json);
});

test("a rejection ends a scene", async () => {
  await propose(await city.draftOf("rejected"));
  expect((await review("rejected", "group", "Lin Hua", "reject")).json["state"]).toBe("rejected");
  expect(codeOf(await review("rejected", "group", "Wang Li"))).toBe("ERR_STATE");
  expect(codeOf(await review("rejected", "bureau", "Zhao Min"))).toBe("ERR_STATE");
});

test("of two reviews at once one counts", async () => {
  await propose(await city.draftOf("race"));
  const answers = await Promise.all(["A", "B", "C"].map((person) => review("race", "group", person)));
  expect(answers.map((answer) => String(codeOf(answer))).toSorted()).toEqual(["200", "ERR_STATE", "ERR_STATE"]);
});

test("a grant is passed on when it is the reviewed draft, byte for byte, signed by department and agency", async () => {
  const draft = await city.reviewedScene("granted");
  const policy = city.policy();
  const deliver = async (grant: Awaited<ReturnType<City["signGrant"]>>, beside = policy) =>
    city.send("health", "POST", "/v1/grants", { grant, policy: beside });
  const asked = city.domain.requests.length;
  for (const change of [
    { fields: [...draft.fields, { name: "region", need: "more" }] },
    { notAfter: "2037-01-01T00:00:00.000Z" },
    { quotas: [{ operation: "lookup.query", amount: "11" }] } as const,
    { callers: draft.callers.slice(0, 1) },
  ]) {
    expect(codeOf(await deliver(await city.signGrant({ ...draft, ...change } as typeof draft)))).toBe("ERR_CONFLICT");
  }
  expect(codeOf(await deliver(await city.signGrant(draft), { ...policy, k: 3 }))).toBe("ERR_CONFLICT");
  expect(codeOf(await deliver(await city.signGrant(draft, "health")))).toBe("ERR_SIGNATURE");
  expect(codeOf(await deliver(await city.signGrant(draft, "bureau")))).toBe("ERR_SIGNATURE");
  expect(codeOf(await deliver(await city.signGrant(draft, "bureau", "group")))).toBe("ERR_SIGNATURE");
  expect(city.domain.requests.length).toBe(asked);
  expect(await state("granted")).toBe("reviewed");
  expect(codeOf(await deliver(await city.signGrant(draft)))).toBe(200);
  expect(city.domain.requests.slice(asked)).toEqual(["POST /v1/grants"]);
  expect((await city.send("health", "GET", "/v1/scenes/granted")).json).toMatchObject({
    state: "granted",
    grant: await documentHash(draft),
  });
  // Delivered again, it goes to the domain again: the first delivery may have been cut off.
  expect(codeOf(await deliver(await city.signGrant(draft)))).toBe(200);
});

test("a grant of a scene that is not reviewed is refused, also when the domain would take it", async () => {
  const draft = await city.draftOf("hasty");
  const delivery = { grant: await city.signGrant(draft), policy: city.policy() };
  expect(codeOf(await city.send("health", "POST", "/v1/grants", delivery))).toBe("ERR_NOT_FOUND");
  await propose(draft);
  expect(codeOf(await city.send("health", "POST", "/v1/grants", delivery))).toBe("ERR_STATE");
});

test("a grant that the domain refuses stays ungranted, with the domain's refusal", async () => {
  const draft = await city.reviewedScene("refused");
  const problem = {
    type: "",
    title: "",
    status: 403,
    detail: "",
    code: "ERR_SIGNATURE",
    remedy: "",
    refusedBy: "domain",
    details: { type: "grant", signer: "x" },
  };
  city.domain.overrides.set("/v1/grants", async () => ({
    status: 403,
    type: "application/problem+json",
    body: JSON.stringify(problem),
  }));
  const answer = await city.send("health", "POST", "/v1/grants", {
    grant: await city.signGrant(draft),
    policy: city.policy(),
  });
  city.domain.overrides.clear();
  expect([codeOf(answer), answer.json["refusedBy"], await state("refused")]).toEqual([
    "ERR_SIGNATURE",
    "domain",
    "reviewed",
  ]);
});

test("a document that a suspended department signed is refused", async () => {
  const draft = await city.reviewedScene("suspended");
  const delivery = { grant: await city.signGrant(draft), policy: city.policy() };
  await city.send("bureau", "PUT", "/v1/parties/health", await city.statement("health", { status: "suspended" }));
  expect(codeOf(await city.send("bureau", "POST", "/v1/grants", delivery))).toBe("ERR_PARTY_SUSPENDED");
  await city.send("bureau", "PUT", "/v1/parties/health", await city.statement("health"));
});
