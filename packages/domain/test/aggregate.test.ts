/** Aggregations of several domains over HTTP, with a relay that does what it should, and what domains refuse whatever it does.
 *  @module */
import { currentKey, signDocument } from "@sluice/evidence";
import { verifyLogProof, verifySigned } from "@sluice/evidence/verify";
import {
  documentHash,
  sha256Hex,
  type AggregateAgreement,
  type AggregateStatistic,
  type Bytes,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPrivacyBudget, setPrivacyBudget } from "../src/index.ts";
import {
  agreementOf,
  countedRows,
  grantAggregates,
  hearAt,
  joinAt,
  openDistricts,
  relayUpTo,
  resultOf,
  runAll,
  signAgreement,
  type District,
} from "./aggregate-fixture.ts";
import { clock, postJson } from "./serving-fixture.ts";

const BOUNDS = [{ name: "age", low: 20, high: 60, scale: 10 }];
const AGES: AggregateStatistic = { kind: "variance", columns: BOUNDS };
// A statistic for each set of parties: domains hold on to one for each.
const MEAN: AggregateStatistic = { kind: "mean", columns: BOUNDS };
const SUM: AggregateStatistic = { kind: "sum", columns: BOUNDS };
const BANDS: AggregateStatistic = { kind: "histogram", column: "age", edges: [30, 50] };
const code = (name: string) => expect.objectContaining({ code: name });

let districts: District[];
let north: District;
let south: District;
let east: District;
let west: District;

beforeAll(async () => {
  districts = await openDistricts(["north", "south", "east", "west"]);
  const [a, b, c, d] = districts;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new RangeError("four districts");
  [north, south, east, west] = [a, b, c, d];
});

afterAll(async () => {
  for (const district of districts) await district[Symbol.asyncDispose]();
});

/** Σ1, Σx and Σx² of `rows`, cut and scaled, computed from the pooled rows. */
function plainVariance(rows: readonly { age: number }[]): string[] {
  const values = rows.map(({ age }) => Math.min(60, Math.max(20, age)) * 10);
  const total = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0);
  return [values.length, total(values), total(values.map((value) => value * value))].map(String);
}

const pooled = (of: readonly District[], ofPerson: number) => of.flatMap(({ rows }) => countedRows(rows, ofPerson));

test("the sum is that of the pooled rows, signed and logged by every domain, sealed to the recipient and to each department", async () => {
  const three = [north, south, east];
  for (const rowsOfPerson of [1, 2]) {
    const body = await agreementOf(three, AGES, { terms: { rowsOfPerson } });
    await runAll(three, await signAgreement(body, three));
    for (const district of three) {
      const { result, evidence } = await resultOf(district, body);
      expect(result.body).toMatchObject({ domain: district.name, survivors: ["north", "south", "east"] });
      expect(result.body.sum).toEqual(plainVariance(pooled(three, rowsOfPerson)));
      const { receiptKey, logKey, logSm2Key, logOrigin } = district.config;
      await verifySigned(result, { required: [[currentKey(receiptKey)]] });
      await verifySigned(evidence.event, { required: [[currentKey(receiptKey)]] });
      expect(evidence.event.body).toMatchObject({ kind: "aggregate-result", subject: await documentHash(result.body) });
      const log = { origin: logOrigin, logKey, ...(logSm2Key === undefined ? {} : { logSm2Key }) };
      await verifyLogProof(evidence.domainLog, evidence.event, log);
      const own = await resultOf(district, body, district.parties.department);
      expect(own.result).toEqual(result);
    }
    const foreign = resultOf(north, body, south.parties.department);
    await expect(foreign).rejects.toThrow(code("ERR_NOT_ADMITTED"));
  }
});

test("counts of groups: those of few persons of a domain are emptied before they are added, however many rows these have", async () => {
  const three = [north, south, east];
  const values = ["R0", "R1", "R2"];
  const statistic: AggregateStatistic = { kind: "categories", column: "region", values };
  const body = await agreementOf(three, statistic, { terms: { cellAtLeast: 22, rowsOfPerson: 2 } });
  await runAll(three, await signAgreement(body, three));
  const expected = [0, 0, 0, 0];
  let [small, repeated] = [0, 0];
  for (const { rows } of three) {
    const cells = Array.from({ length: 4 }, () => ({ rows: 0, persons: new Set<string>() }));
    const seen = new Map<string, number>();
    for (const { person, region } of rows) {
      const before = seen.get(person) ?? 0;
      seen.set(person, before + 1);
      const cell = cells[values.includes(region) ? values.indexOf(region) : 3];
      if (before >= 2 || cell === undefined) continue;
      cell.rows += 1;
      cell.persons.add(person);
    }
    small += cells.filter((cell) => cell.rows > 0 && cell.rows < 22).length;
    repeated += cells.filter((cell) => cell.rows >= 22 && cell.persons.size < 22).length;
    for (const [i, cell] of cells.entries()) {
      expected[i] = (expected[i] ?? 0) + (cell.persons.size < 22 ? 0 : cell.rows);
    }
  }
  expect(small).toBeGreaterThan(0);
  expect(repeated).toBeGreaterThan(0);
  expect(expected).not.toEqual([0, 0, 0, 0]);
  expect((await resultOf(south, body)).result.body.sum).toEqual(expected.map(String));
});

test("counts of groups without noise say from how many persons on they are added: ten, and the policy's k, at least", async () => {
  const three = [north, south, east];
  for (const cellAtLeast of [undefined, 9]) {
    const body = await agreementOf(three, BANDS, { terms: { cellAtLeast } });
    const { cellAtLeast: _, ...rest } = body.terms;
    const terms = cellAtLeast === undefined ? rest : body.terms;
    const agreed = { ...body, terms, plan: { ...body.plan, terms: await documentHash(terms) } };
    const refusal = cellAtLeast === undefined ? "ERR_AGGREGATE_PLAN" : "ERR_BODY_INVALID";
    await expect(joinAt(north, await signAgreement(agreed, three))).rejects.toThrow(code(refusal));
  }
  const { grant } = north;
  const scene = { scene: "cells", title: "Scene", purpose: "test", value: "A test." };
  north.grant = await grantAggregates({ ...north, policy: { ...north.policy, k: 12 } }, { scene });
  const join = async (cellAtLeast: number) =>
    joinAt(north, await signAgreement(await agreementOf(three, BANDS, { terms: { cellAtLeast } }), three));
  await expect(join(11)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  await join(12);
  north.grant = grant;
});

test("a plan that was changed after it was signed, or that a department has not signed, is refused before a row is read", async () => {
  const three = [north, south, east];
  const body = await agreementOf(three, { kind: "count" });
  const signed = await signAgreement(body, three);
  const other = { ...body, plan: { ...body.plan, rowsAtMost: 999 } };
  await expect(joinAt(north, { ...signed, body: other })).rejects.toThrow(code("ERR_SIGNATURE"));
  const terms = { ...body.terms, rowsAtLeast: 1 };
  const lower = { ...body, terms };
  await expect(joinAt(north, { ...signed, body: lower })).rejects.toThrow(code("ERR_AGGREGATE_PLAN"));
  await expect(joinAt(north, await signAgreement(body, [north, south]))).rejects.toThrow(code("ERR_SIGNATURE"));
  // Signed by whom the plan calls north's department: it is not the one that north has pinned.
  const impostor = { ...north, parties: { ...north.parties, department: west.parties.department } };
  const usurped = await agreementOf([impostor, south, east], { kind: "count" });
  const forged = await signDocument(usurped, ...[west, south, east].map(({ parties }) => parties.department));
  await expect(joinAt(north, forged)).rejects.toThrow(code("ERR_SIGNATURE"));
  // A domain that the plan does not name.
  await expect(joinAt(west, signed)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
});

test("a domain takes part under its own grant only: operation, columns, recipient, term, quota", async () => {
  const [grant] = [north.grant];
  const refused = async (change: Parameters<typeof grantAggregates>[1], statistic: AggregateStatistic = AGES) => {
    north.grant = await grantAggregates(north, change);
    const three = [north, south, east];
    const signed = await signAgreement(await agreementOf(three, statistic), three);
    north.grant = grant;
    return joinAt(north, signed);
  };
  const scene = (name: string) => ({ scene: { scene: name, title: "Scene", purpose: "test", value: "A test." } });
  await expect(refused({ ...scene("a"), operations: ["report"] })).rejects.toThrow(code("ERR_GRANT_OPERATION"));
  await expect(refused({ ...scene("b"), fields: [{ name: "region", need: "x" }] })).rejects.toThrow(
    code("ERR_GRANT_FIELD"),
  );
  const stranger = { party: "caller", keyId: north.parties.developer.keyId };
  await expect(refused({ ...scene("c"), callers: [stranger] })).rejects.toThrow(code("ERR_GRANT_PARTY"));
  const renamed = { party: "another", keyId: north.parties.caller.keyId };
  await expect(refused({ ...scene("d"), callers: [renamed] })).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  const ended = { notAfter: new Date(Date.now() - 1_000).toISOString() };
  await expect(refused({ ...scene("e"), ...ended })).rejects.toThrow(code("ERR_GRANT_EXPIRED"));
  const once = { ...scene("f"), quotas: [{ operation: "aggregate" as const, amount: "1" }] };
  north.grant = await grantAggregates(north, once);
  const three = [north, south, east];
  await joinAt(north, await signAgreement(await agreementOf(three, AGES), three));
  const again = await signAgreement(await agreementOf(three, AGES), three);
  north.grant = grant;
  await expect(joinAt(north, again)).rejects.toThrow(code("ERR_QUOTA_SPENT"));
});

test("too few rows, and a time that is over, are no part of a sum", async () => {
  const three = [north, south, east];
  const large = await agreementOf(three, AGES, { terms: { rowsAtLeast: 41 } });
  await expect(joinAt(north, await signAgreement(large, three))).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  const late = await agreementOf(three, AGES, { terms: { deadline: new Date(Date.now() - 1).toISOString() } });
  await expect(joinAt(north, await signAgreement(late, three))).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
});

test("a domain takes part with as many persons as its policy's k, and ten at least, however many rows they have", async () => {
  const three = [north, south, east];
  const { grant } = north;
  const join = async (k: number) => {
    const scene = { scene: `persons-${k}`, title: "Scene", purpose: "test", value: "A test." };
    north.grant = await grantAggregates({ ...north, policy: { ...north.policy, k } }, { scene });
    const body = await agreementOf(three, AGES, { terms: { rowsOfPerson: 2 } });
    return joinAt(north, await signAgreement(body, three));
  };
  const persons = new Set(north.rows.filter(({ age }) => age !== null).map(({ person }) => person)).size;
  expect(pooled([north], 2).length).toBeGreaterThan(persons + 1);
  await expect(join(persons + 1)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  await join(persons);
  north.grant = grant;
  // 9 and 10 persons of four rows each.
  const { department: _, ...shared } = north.parties;
  const rowsOf = (place: number) =>
    Array.from({ length: 4 * (9 + place) }, (__, i) => ({ person: `p${i >> 2}`, age: 30 + i, region: "R0" }));
  const [nine, ten] = await openDistricts(["nine", "ten"], {}, shared, rowsOf);
  if (nine === undefined || ten === undefined) throw new RangeError("two districts");
  const parties = [nine, ten, south];
  try {
    const body = await agreementOf(parties, AGES, { terms: { rowsOfPerson: 4 } });
    const signed = await signAgreement(body, parties);
    await expect(joinAt(nine, signed)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
    await joinAt(ten, signed);
  } finally {
    for (const district of [nine, ten]) await district[Symbol.asyncDispose]();
  }
});

test("noise is paid for from the budget of the table before a row is read, by the bounds of the plan", async () => {
  const three = [north, south, east];
  const noise = { kind: "discrete-gaussian", variance: "40000" } as const;
  const body = await agreementOf(three, MEAN, { plan: { noise }, terms: { rowsOfPerson: 2 } });
  const signed = await signAgreement(body, three);
  await expect(joinAt(east, signed)).rejects.toThrow(code("ERR_PRIVACY_BUDGET"));
  await Promise.all(
    three.map(async (district) => {
      await district.domain.close();
      await setPrivacyBudget(district.directory, "persons", {
        budget: 99_000_000_000_000n,
        person: "person",
        spent: 0n,
        clock,
      });
      await district.restart();
    }),
  );
  await runAll(three, signed);
  const results = await Promise.all(three.map((district) => resultOf(district, body)));
  const exact = plainVariance(pooled(three, 2)).slice(0, 2).map(Number);
  const sum = results[0]?.result.body.sum.map(Number) ?? [];
  // Three deviates of variance 40,000 / 3 in each element: beyond 2,000 once in 10^22.
  for (const [i, value] of sum.entries()) expect(Math.abs(value - (exact[i] ?? 0))).toBeLessThan(2_000);
  expect(sum).not.toEqual(exact);
  expect(new Set(results.map(({ result }) => result.body.sum.join())).size).toBe(1);
  // (2 rows)² · (1² + 600²) / (2 · 40,000), in millionths, rounded up.
  const cost = (4n * (1n + 600n ** 2n) * 1_000_000n + 79_999n) / 80_000n;
  for (const { result } of results) expect(result.body.privacyCost).toBe(String(cost));
  await east.domain.close();
  expect((await readPrivacyBudget(east.directory, "persons")).spent).toBe(cost);
  await east.restart();
});

test("what comes again is answered as before, and a round that comes again in another way ends the part", async () => {
  const three = [north, south, east];
  const signed = await signAgreement(await agreementOf(three, { kind: "count" }), three);
  const adverts = await Promise.all(three.map((district) => joinAt(district, signed)));
  expect(await joinAt(north, signed)).toEqual(adverts[0]);
  const shares = await hearAt(north, signed, "advert", adverts);
  expect(await hearAt(north, signed, "advert", adverts)).toEqual(shares);
  const replayed = hearAt(north, signed, "advert", adverts.toReversed());
  await expect(replayed).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  await expect(hearAt(north, signed, "advert", adverts)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  await expect(joinAt(north, signed)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
});

test("a forged drop-out in an aggregation of three domains gets no share from anyone", async () => {
  const three = [north, south, east];
  const signed = await signAgreement(await agreementOf(three, { kind: "count" }), three);
  const masked = await relayUpTo("masked", three, signed);
  for (const district of [north, south]) {
    const told = hearAt(district, signed, "masked", masked.slice(0, 2));
    await expect(told).rejects.toThrow(code("ERR_AGGREGATE_TOO_FEW"));
  }
  const own = await hearAt(east, signed, "masked", masked);
  await expect(hearAt(east, signed, "survivors", [own])).rejects.toThrow(code("ERR_AGGREGATE_TOO_FEW"));
});

test("a relay that tells domains of different survivors gets no share from anyone", async () => {
  const four = districts.map((district) => district.at("persons-b"));
  const signed = await signAgreement(await agreementOf(four, SUM), four);
  const masked = await relayUpTo("masked", districts, signed);
  const without = masked.slice(0, 3);
  const signatures = [
    await hearAt(north, signed, "masked", masked),
    await hearAt(south, signed, "masked", masked),
    await hearAt(east, signed, "masked", without),
    await hearAt(west, signed, "masked", masked),
  ];
  const answers = await Promise.allSettled(
    districts.map((district) => hearAt(district, signed, "survivors", signatures)),
  );
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
});

test("a domain that starts again between rounds is lost to the others, which go on; it remembers what it took part in", async () => {
  const population = "everyone, at the end of January";
  const four = districts.map((district) => district.at("persons-c"));
  const body = await agreementOf(four, BANDS, { plan: { population } });
  const signed = await signAgreement(body, four);
  const shares = await relayUpTo("shares", districts, signed);
  await west.restart();
  await expect(hearAt(west, signed, "shares", shares)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  const three = [north, south, east];
  let messages: Bytes[] = await Promise.all(three.map((district) => hearAt(district, signed, "shares", shares)));
  for (const round of ["masked", "survivors"] as const) {
    const told = messages;
    messages = await Promise.all(three.map((district) => hearAt(district, signed, round, told)));
  }
  await Promise.all(three.map((district) => hearAt(district, signed, "unmask", messages)));
  const { result } = await resultOf(east, body);
  expect(result.body.survivors).toEqual(["north", "south", "east"]);
  const bands = [0, 0, 0];
  for (const district of three) {
    const ages = pooled([district], 1).map(({ age }) => age);
    const counts = [
      ages.filter((age) => age < 30).length,
      ages.filter((age) => age >= 30 && age < 50).length,
      ages.filter((age) => age >= 50).length,
    ];
    for (const [i, count] of counts.entries()) bands[i] = (bands[i] ?? 0) + (count < 10 ? 0 : count);
  }
  expect(result.body.sum).toEqual(bands.map(String));
  await expect(resultOf(west, body)).rejects.toThrow(code("ERR_STATE"));
  // Its plan is used, and sums of the same rows are had over these parties only, in other words too.
  await expect(joinAt(west, signed)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  const [a, b, c, d] = four;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new RangeError("four districts");
  for (const other of [population, "the rows of January"]) {
    const fewer = await agreementOf([a, b, d], SUM, { plan: { population: other } });
    const again = joinAt(west, await signAgreement(fewer, [a, b, d]));
    await expect(again).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
  }
  // Those who survived may go on among themselves; others are no survivors.
  const later = await agreementOf([a, b, c], SUM, { plan: { population } });
  await runAll([north, south, east], await signAgreement(later, [a, b, c]));
  expect((await resultOf(north, later)).result.body.survivors).toEqual(["north", "south", "east"]);
  const others = await agreementOf([a, b, d], SUM, { plan: { population } });
  const refused = joinAt(north, await signAgreement(others, [a, b, d]));
  await expect(refused).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
});

test("what is taken back or ends between rounds ends the part at the next one", async () => {
  const scene = { scene: "revoked", title: "Scene", purpose: "test", value: "A test." };
  const before = north.grant;
  north.grant = await grantAggregates(north, { scene });
  const three = [north, south, east];
  const body = await agreementOf(three, AGES, { plan: { population: "revoked" } });
  const signed = await signAgreement(body, three);
  const adverts = await Promise.all(three.map((district) => joinAt(district, signed)));
  const at = new Date().toISOString();
  const revocation = { type: "revocation", domain: "north", grant: north.grant, reason: "test", at } as const;
  await postJson(north, "/v1/revocations", await signDocument(revocation, north.parties.department));
  north.grant = before;
  await expect(hearAt(north, signed, "advert", adverts)).rejects.toThrow(code("ERR_GRANT_REVOKED"));
  await expect(hearAt(north, signed, "advert", adverts)).rejects.toThrow(code("ERR_AGGREGATE_REFUSED"));
});

test("bodies that are none, of another round, or too many are refused", async () => {
  const three = [north, south, east];
  const body: AggregateAgreement = await agreementOf(three, AGES, { plan: { population: "malformed" } });
  await expect(postJson(north, "/v1/aggregates", { body, signatures: [] })).rejects.toThrow(code("ERR_BODY_INVALID"));
  const signed = await signAgreement(body, three);
  const adverts = await Promise.all(three.map((district) => joinAt(district, signed)));
  await expect(hearAt(south, signed, "masked", adverts)).rejects.toThrow(code("ERR_AGGREGATE_ROUND"));
  const stranger = { ...signed, body: { ...body, type: "aggregate" as const } };
  expect(await sha256Hex(await joinAt(east, stranger))).toBe(await sha256Hex(adverts[2] ?? new Uint8Array(0)));
  const empty = hearAt(east, signed, "advert", []);
  await expect(empty).rejects.toThrow(code("ERR_FRAME_MALFORMED"));
});

test("a result is given to its recipient while the grant stands and the key is its own, to the department after that too", async () => {
  const { grant, parties } = north;
  const three = [north, south, east];
  const scene = { scene: "withheld", title: "Scene", purpose: "test", value: "A test." };
  north.grant = await grantAggregates(north, { scene });
  const body = await agreementOf(three, AGES);
  await runAll(three, await signAgreement(body, three));
  const given = await resultOf(north, body);
  const at = new Date().toISOString();
  const revocation = { type: "revocation", domain: "north", grant: north.grant, reason: "test", at } as const;
  await postJson(north, "/v1/revocations", await signDocument(revocation, parties.department));
  north.grant = grant;
  await expect(resultOf(north, body)).rejects.toThrow(code("ERR_GRANT_REVOKED"));
  expect((await resultOf(north, body, parties.department)).result).toEqual(given.result);
  // At south the grant stands, until the agency gives the party another key.
  await resultOf(south, body);
  const moved = {
    type: "party",
    party: "caller",
    title: "caller",
    role: "caller",
    keyId: parties.developer.keyId,
    status: "active",
    at: new Date().toISOString(),
  } as const;
  await postJson(south, "/v1/parties", await signDocument(moved, parties.agency));
  await expect(resultOf(south, body)).rejects.toThrow(code("ERR_NOT_ADMITTED"));
  expect((await resultOf(south, body, south.parties.department)).result.body.sum).toEqual(given.result.body.sum);
});

test("sixteen at a time, those among them that are about to begin", async () => {
  const { grant } = north;
  const scene = { scene: "sixteen", title: "Scene", purpose: "test", value: "A test." };
  north.grant = await grantAggregates(north, { scene });
  const three = [north, south, east];
  const signed = await Promise.all(
    Array.from({ length: 18 }, async () => signAgreement(await agreementOf(three, AGES), three)),
  );
  north.grant = grant;
  const joins = await Promise.allSettled(signed.map((agreement) => joinAt(north, agreement)));
  const refusals = joins.flatMap((join): unknown[] => (join.status === "rejected" ? [join.reason] : []));
  expect(refusals.length).toBeGreaterThanOrEqual(2);
  for (const refusal of refusals) expect(refusal).toEqual(code("ERR_POOL_FULL"));
});
