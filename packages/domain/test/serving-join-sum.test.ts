/** Join-and-sum through a running domain: what is built of a declaration, what a session costs and answers, what is refused.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { sealedFileFacts } from "@sluice/evidence";
import { JoinSumCaller, type JoinSumResult } from "@sluice/mpc/he/join-sum/caller";
import { postSession } from "@sluice/mpc/session/client";
import {
  BINARY_MEDIA_TYPE,
  countShift,
  decodeSessionReply,
  encodeSessionMessage,
  encodeSessionOpening,
  fromHex,
  grantedKeys,
  joinEntry,
  likelySumError,
  padPsiItems,
  residentIdCheckDigit,
  sha256Hex,
  type AnswerEnvelope,
  type Bytes,
  type JoinSumSnapshot,
  type Session,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import {
  ask,
  deliverFormsGrant,
  serveForm,
  spentUnits,
  sumJob,
  type AnsweringProduct,
} from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  develop,
  openFixture,
  post,
  ROWS,
  sealedCall,
  send,
  type Fixture,
  type SealedCall,
} from "./serving-fixture.ts";
import { codeOf } from "./serving-sessions-fixture.ts";

/** Two rows to a person; some keys are no identity number. */
const personOf = (i: number): string => {
  const digits = `11010519491231${String(Math.floor(i / 2)).padStart(3, "0")}`;
  return i < 20 ? `X${i}` : digits + residentIdCheckDigit(digits);
};
const LIMIT = 90;
/** The sum of a person's rows, cut to the limit. */
const totals = new Map<string, number>();
for (let i = 0; i < ROWS; i++) totals.set(personOf(i), (totals.get(personOf(i)) ?? 0) + bucketOfAge(i));
for (const [person, total] of totals) totals.set(person, Math.min(total, LIMIT));

/** Values have so many decimals that noise is hardly ever none. */
const DIGITS = 6;
const UNIT = 10 ** DIGITS;
/** Five answers, of little noise. */
const PRIVACY = { count: "2", sum: "1", budget: "15" };
let fixture: Fixture;
let grant: string;
let product: AnsweringProduct;

beforeAll(async () => {
  fixture = await openFixture(personOf);
  grant = await deliverFormsGrant(fixture, { "psi.sum": "2000" });
  product = await serveForm(fixture, grant, "ages", sumJob({ digits: DIGITS, limit: LIMIT, privacy: PRIVACY }));
});
afterAll(() => fixture[Symbol.asyncDispose]());

function snapshotOfSum({ snapshot }: AnsweringProduct = product): JoinSumSnapshot {
  if (snapshot.type !== "join-sum-snapshot") throw new Error("no sum");
  return snapshot;
}

async function call(items: number, asked = product): Promise<SealedCall> {
  const content = encodeSessionOpening({ snapshot: fromHex(asked.snapshotHash), items });
  const bundle = await sha256Hex(asked.code);
  const named = { operation: "psi.sum", grant: asked.grant, product: asked.product, bundle } as const;
  return await sealedCall(fixture, content, { ...named, key: fixture.parties.caller });
}

const open = async (one: SealedCall) => decodeSessionReply(await send(fixture, "/v1/sessions", one.envelope));

async function run(one: SealedCall, role: Session): Promise<{ done: unknown; answer: AnswerEnvelope | null }> {
  const seal = await one.session();
  let [number, answer]: [number, AnswerEnvelope | null] = [0, null];
  const say = async (packet: Bytes): Promise<Bytes> => {
    const own = number++;
    const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
    const path = `/v1/sessions/${one.callId}`;
    const reply = decodeSessionReply(await post(fixture, path, message, BINARY_MEDIA_TYPE));
    answer ??= reply.answer;
    return await seal.open(own, reply.sealed);
  };
  const done = await postSession(role, { id: fromHex(one.callId), post: say });
  return { done, answer };
}

function callerOf(one: SealedCall, list: readonly string[], asked = product): JoinSumCaller {
  const { domain, product: name, version, grant, purpose, epoch, parameters } = snapshotOfSum(asked);
  const identity = { domain, product: name, version, grant, purpose, epoch };
  const { terms } = parameters;
  return JoinSumCaller.create({ session: fromHex(one.callId), snapshot: asked.snapshotHash, identity, terms, list });
}

async function summed(list: readonly string[], asked = product) {
  const one = await call(padPsiItems(list.length), asked);
  await open(one);
  const { done, answer } = await run(one, callerOf(one, list, asked));
  return { result: done as JoinSumResult, receipt: answer?.receipt.receipt.body };
}

const spent = (): number =>
  withState(fixture.directory, (db) =>
    Number(db.prepare("SELECT coalesce(sum(cost), 0) AS cost FROM count_spend").get()?.["cost"]),
  );

test("the snapshot says what is summed, by which noise and from how many, and the pairs lie sealed", async () => {
  const { parameters } = snapshotOfSum();
  expect(parameters).toEqual({
    digits: DIGITS,
    terms: {
      paddedItems: padPsiItems(totals.size),
      bound: LIMIT * UNIT,
      minimum: 10,
      noise: { epsilon: "2", budget: "15", shift: countShift("2") },
    },
    sumEpsilon: "1",
    set: parameters.set,
  });
  const files = await readdir(join(fixture.directory, "indexes"), { recursive: true });
  const contents = files.filter((file) => file.endsWith("sums.bin"));
  expect(contents).toHaveLength(1);
  expect(await sealedFileFacts(join(fixture.directory, "indexes", contents[0] ?? ""))).not.toBeNull();
});

test("a list has the sum of the cut totals of its persons, within the noise; count and sum are paid for together, once, before", async () => {
  const list = [...[...totals.keys()].slice(0, 200), "nobody", "no one"];
  const plain = list.reduce((sum, person) => sum + (totals.get(person) ?? 0), 0) * UNIT;
  const [units, epsilon] = [spentUnits(fixture, grant, "psi.sum"), spent()];
  const { result, receipt } = await summed(list);
  if (result.kind !== "sum") throw new Error("no sum");
  // A truthful sum is further off with a probability of e^-20, and exact with one of 6 in a billion.
  const noise = Math.abs(Number(result.sum) - plain);
  expect(noise).toBeLessThan(20 * LIMIT * UNIT);
  expect(noise).toBeGreaterThan(0);
  expect(Math.abs(result.count.count - 200)).toBeLessThanOrEqual(countShift("2"));
  expect(likelySumError(snapshotOfSum().parameters)).toBeLessThan(4 * LIMIT * UNIT);
  expect(receipt).toMatchObject({ quantity: { unit: "psi-element", amount: String(padPsiItems(list.length)) } });
  expect(spentUnits(fixture, grant, "psi.sum") - units).toBe(padPsiItems(list.length));
  expect(spent() - epsilon).toBe(3_000_000);
});

test("too few matches have no sum, whatever they come to, and are paid for alike", async () => {
  const before = spent();
  const { result, receipt } = await summed(["nobody", "no one"]);
  expect(result).toMatchObject({ kind: "refused", minimum: 10 });
  expect(receipt).toBeDefined();
  expect(spent() - before).toBe(3_000_000);
});

test("what cannot be opened spends nothing: other sizes, another operation, one message", async () => {
  const [before, units] = [spent(), spentUnits(fixture, grant, "psi.sum")];
  for (const [items, code] of [
    [17, "ERR_FRAME_MALFORMED"],
    [81_920, "ERR_PSI_SET_TOO_LARGE"],
    [2_048, "ERR_QUOTA_SPENT"],
  ] as const) {
    expect(await codeOf(open(await call(items)))).toBe(code);
  }
  const frame = encodeSessionOpening({ snapshot: fromHex(product.snapshotHash), items: 16 });
  expect(await codeOf(ask(fixture, product, "psi.sum", frame))).toBe("ERR_FRAME_MALFORMED");
  expect(await codeOf(ask(fixture, product, "psi.ids", frame))).toBe("ERR_GRANT_OPERATION");
  expect([spent(), spentUnits(fixture, grant, "psi.sum")]).toEqual([before, units]);
});

test("a list of another size than was paid for ends the session, which stays paid", async () => {
  const before = spent();
  const one = await call(16);
  await open(one);
  const longer = callerOf(
    one,
    Array.from({ length: 17 }, (_, i) => `P${i}`),
  );
  expect(await codeOf(run(one, longer))).toBe("ERR_FRAME_MALFORMED");
  expect(spent() - before).toBe(3_000_000);
});

test("a domain that begins anew holds no session; what it spent stays spent, and over the budget nothing is opened", async () => {
  const one = await call(16);
  await open(one);
  const before = spent();
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause: () => Promise.resolve() });
  expect(await codeOf(run(one, callerOf(one, ["nobody"])))).toBe("ERR_SESSION_ENDED");
  expect(spent()).toBe(before);
  await summed(["nobody"]);
  const units = spentUnits(fixture, grant, "psi.sum");
  expect(before + 3_000_000).toBe(15_000_000);
  expect(await codeOf(open(await call(16)))).toBe("ERR_COUNT_BUDGET");
  expect(spentUnits(fixture, grant, "psi.sum")).toBe(units);
});

test("persons are summed by typed keys in canonical form, and a job by a column that the grant does not name is refused", async () => {
  const keys = [[{ type: "resident-id" as const }]];
  const typed = await serveForm(
    fixture,
    grant,
    "typed",
    sumJob({ digits: DIGITS, limit: LIMIT, keys, privacy: { ...PRIVACY, budget: "17" } }),
  );
  const joined = grantedKeys(keys, { key: "person" });
  const [key] = joined;
  if (key === undefined) throw new Error("no key");
  const { parameters } = snapshotOfSum(typed);
  expect(parameters.keys).toEqual(joined);
  const valid = [...totals.keys()].filter((person) => !person.startsWith("X"));
  expect(parameters.terms.paddedItems).toBe(padPsiItems(valid.length));
  const entries = [...totals.keys()].map((person) => joinEntry(joined, key, [` ${person.toLowerCase()}`]));
  const list = entries.flatMap((outcome) => (outcome.ok ? [outcome.entry] : []));
  expect(list).toHaveLength(valid.length);
  // The budget of this product is larger by less than an answer: nothing is left of it.
  expect(await codeOf(open(await call(padPsiItems(list.length), typed)))).toBe("ERR_COUNT_BUDGET");
  const foreign = sumJob({ keys: [[{ field: "region", type: "text" }]] });
  expect(await codeOf(develop(fixture, grant, foreign, 1, "foreign"))).toBe("ERR_GRANT_FIELD");
});
