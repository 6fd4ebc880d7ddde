/** Sums under a hidden selection, beside plain sums; the domain's table, register and charges. @module */
import {
  fromHex,
  MAX_SELECTION_BOUND,
  parseSelectionParameters,
  toHex,
  type SelectionParameters,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SelectionClient } from "../src/he/selection/client.ts";
import { nobleSelectionGroup, randomScalar, selectionGroup } from "../src/he/selection/group.ts";
import { makeSelection } from "../src/he/selection/make-selection.ts";
import { memorySelectionRegister, SelectionTable, type SelectionCharge } from "../src/he/selection/server.ts";
import { SmallLogarithm } from "../src/he/selection/small-logarithm.ts";
import { systemRandom } from "../src/random.ts";
import { CALLER, GROUPS, LABELS, openServer, PARAMETERS, sentAs } from "./selection-product.ts";

const SUBJECT = { parameters: PARAMETERS, caller: CALLER };

test("sums are the plain sums over what is selected plus the domain's noise, measure by measure", async () => {
  const sizes = fc.integer({ min: 4, max: 9 });
  const product = sizes.chain((count) =>
    fc.record({
      sums: fc.array(fc.integer({ min: -500, max: 500 }), { minLength: count, maxLength: count }),
      others: fc.array(fc.integer({ min: -500, max: 500 }), { minLength: count, maxLength: count }),
      order: fc.shuffledSubarray(
        Array.from({ length: count }, (_, i) => i),
        { minLength: 2, maxLength: count - 2 },
      ),
      all: fc.boolean(),
      noise: fc.integer({ min: -60, max: 60 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(product, async ({ sums, others, order, all, noise }) => {
      const groups = sums.map((_, i) => `group ${i}`);
      const bound = 500 * groups.length + 64;
      const measures = ["one", "two"].map((name) => ({ name, subjectBound: 1, noiseScale: 1, bound }));
      const parameters = parseSelectionParameters({ ...PARAMETERS, groups, measures });
      const rows = groups.map((label, i) => ({
        label,
        rows: 10,
        sums: [BigInt(sums[i] ?? 0), BigInt(others[i] ?? 0)],
      }));
      const { server, admit } = await openServer({
        table: new SelectionTable(parameters, "now", rows),
        noise: () => BigInt(noise),
      });
      const selected = all ? groups.map((_, i) => i) : order;
      const client = await SelectionClient.select(
        { parameters, caller: CALLER },
        selected.map((i) => groups[i] ?? ""),
      );
      await admit(client.commitment, client.frame);
      const request = client.request("now", ["two", "one"]);
      const opened = await client.open(request, await server.answer(request));
      const plain = (values: readonly number[]) => selected.reduce((sum, i) => sum + (values[i] ?? 0), noise);
      expect(Object.fromEntries(opened)).toEqual({ one: plain(sums), two: plain(others) });
    }),
    { numRuns: 12 },
  );
});

test("a selection serves later epochs, with its key kept and taken up again, and only with its own", async () => {
  const first = await SelectionClient.select(SUBJECT, ["b", "d", "g"]);
  const secret = Uint8Array.from(first.secret.reveal());
  const { register, admit } = await openServer();
  await admit(first.commitment, first.frame);
  first.close();
  expect(first.secret.reveal().every((byte) => byte === 0)).toBe(true);
  expect(String(first.secret)).toBe("SelectionKey(…)");
  await expect(first.open(new Uint8Array(), new Uint8Array())).rejects.toMatchObject({ code: "ERR_STATE" });

  const later = new SelectionTable(
    PARAMETERS,
    "2026-11",
    GROUPS.map((group, i) => ({ ...group, sums: [BigInt(i), 0n] })),
  );
  const { server } = await openServer({ register, table: later });
  const client = await SelectionClient.resume(SUBJECT, first.frame, Uint8Array.from(secret));
  await server.select(client.frame);
  const request = client.request("2026-11", ["people"]);
  expect(await client.open(request, await server.answer(request))).toEqual(new Map([["people", 1 + 3 + 6]]));
  await expect(server.answer(client.request("2026-10", ["people"]))).rejects.toMatchObject({
    code: "ERR_SELECTION_REFUSED",
  });

  const other = await SelectionClient.select(SUBJECT, ["b", "d", "g"]);
  expect(toHex(other.commitment)).not.toBe(toHex(client.commitment));
  const wrong = { code: "ERR_SELECTION_REFUSED" };
  for (const key of [secret, secret.subarray(1), new Uint8Array(32)]) {
    await expect(SelectionClient.resume(SUBJECT, other.frame, key)).rejects.toMatchObject(wrong);
  }
  await expect(SelectionClient.resume({ ...SUBJECT, caller: "x" }, first.frame, secret)).rejects.toMatchObject(wrong);
});

test("a client selects enough groups, and leaves enough out or none", async () => {
  const error = { code: "ERR_SELECTION_TOTAL" };
  await expect(SelectionClient.select(SUBJECT, [])).rejects.toMatchObject(error);
  await expect(SelectionClient.select(SUBJECT, ["a"])).rejects.toMatchObject(error);
  await expect(SelectionClient.select(SUBJECT, LABELS.slice(1))).rejects.toMatchObject(error);
  for (const labels of [
    ["a", "a", "b"],
    ["a", "z"],
  ]) {
    await expect(SelectionClient.select(SUBJECT, labels)).rejects.toMatchObject({ code: "ERR_SELECTION_PARAMETERS" });
  }
});

test("noble makes selections that hold, of the same key", async () => {
  const secret = randomScalar(nobleSelectionGroup, systemRandom);
  const numbers = [1, 1, 0, 0, 0, 0, 0];
  const selection = await makeSelection(nobleSelectionGroup, systemRandom, PARAMETERS, CALLER, numbers, secret);
  const { admit, server } = await openServer();
  const [commitment, frame] = sentAs(selection);
  await admit(commitment, frame);
  const client = await SelectionClient.resume(SUBJECT, frame, secret);
  const request = client.request("2026-10", ["balance"]);
  expect((await client.open(request, await server.answer(request))).get("balance")).toBe(-5_000);
});

test("a table has groups of enough rows, in order, whose sums leave a place for noise", () => {
  const build = (change: Partial<(typeof GROUPS)[number]>) => () =>
    new SelectionTable(
      PARAMETERS,
      "now",
      GROUPS.map((group, i) => (i === 2 ? { ...group, ...change } : group)),
    );
  expect(build({})).not.toThrow();
  const error = expect.objectContaining({ code: "ERR_SELECTION_GROUPS" });
  expect(build({ rows: 9 })).toThrow(error);
  expect(build({ rows: Number.NaN })).toThrow(error);
  expect(build({ label: "b" })).toThrow(error);
  expect(build({ sums: [1n] })).toThrow(error);
  // The others have 1,900 people; 128 are kept for noise.
  expect(build({ sums: [20_000n - 128n - 1_900n, 0n] })).not.toThrow();
  expect(build({ sums: [20_000n - 128n - 1_899n, 0n] })).toThrow(error);
  expect(build({ sums: [0n, -50_000n] })).toThrow(error);
  expect(() => new SelectionTable(PARAMETERS, "now", GROUPS.slice(1))).toThrow(error);
  expect(() => new SelectionTable(PARAMETERS, "No Name", GROUPS)).toThrow(error);
  // Whatever a domain configured by hand: one group is none that is answered.
  expect(() => new SelectionTable({ ...PARAMETERS, minimumGroups: 1 }, "now", GROUPS)).toThrow(
    expect.objectContaining({ code: "ERR_SELECTION_PARAMETERS" }),
  );
});

test("a grant allows so many selections and so much noise to be spent; every answer is charged, asked again or not", async () => {
  const charges: SelectionCharge[] = [];
  const inner = memorySelectionRegister({ maxSelections: 2, maxEpsilon: 1 });
  const register: typeof inner = {
    ...inner,
    charge: (charge) => {
      charges.push(charge);
      return inner.charge(charge);
    },
  };
  const { server, admit } = await openServer({ register });
  const client = await SelectionClient.select(SUBJECT, ["a", "b"]);
  const second = await SelectionClient.select(SUBJECT, ["a", "b", "c"]);
  const third = await SelectionClient.select(SUBJECT, ["a", "c"]);
  await admit(second.commitment, second.frame);
  await admit(client.commitment, client.frame);
  await admit(client.commitment, client.frame);
  await expect(admit(third.commitment, third.frame)).rejects.toThrow("no further selection");
  const request = client.request("2026-10", ["people"]);
  await server.answer(request);
  await server.answer(request);
  expect(charges).toHaveLength(2);
  expect(charges[0]).toEqual({
    product: "costs",
    caller: CALLER,
    commitment: toHex(client.commitment),
    epoch: "2026-10",
    measures: [{ name: "people", subjectBound: 1, noiseScale: 2 }],
  });
  await expect(server.answer(request)).rejects.toMatchObject({ code: "ERR_SELECTION_REFUSED" });
});

test("noise beyond its bound is drawn again", async () => {
  const draws = [129n, -129n, 128n];
  const { server, admit } = await openServer({ noise: () => draws.shift() ?? 0n });
  const client = await SelectionClient.select(SUBJECT, ["a", "b"]);
  await admit(client.commitment, client.frame);
  const request = client.request("2026-10", ["people"]);
  expect((await client.open(request, await server.answer(request))).get("people")).toBe(100 + 128);
});

test("a small logarithm is found within its bound, to both ends, and nowhere else", async () => {
  const group = await selectionGroup();
  const logarithm = new SmallLogarithm(group, 1_000);
  const of = (value: number) =>
    value < 0
      ? group.subtract(fromHex("00".repeat(32)), group.multiplyBase(scalar(-value)))
      : value === 0
        ? new Uint8Array(32)
        : group.multiplyBase(scalar(value));
  const scalar = (value: number) => Uint8Array.from({ length: 32 }, (_, i) => (i < 4 ? (value >> (8 * i)) & 0xff : 0));
  for (const value of [0, 1, -1, 44, 45, 999, 1_000, -1_000]) expect(await logarithm.find(of(value))).toBe(value);
  for (const value of [1_001, -1_001, 1_012, 5_000_000]) expect(await logarithm.find(of(value))).toBeNull();
  expect(() => new SmallLogarithm(group, 2 ** 39 + 1)).toThrow(RangeError);
});

test.skipIf(process.env["SLOW"] !== "1")(
  "the largest sum is found, with a table of 2^20 entries",
  async () => {
    const group = await selectionGroup();
    const largest = group.multiplyBase(Uint8Array.from({ length: 32 }, (_, i) => (i === 4 ? 0x80 : 0)));
    expect(await new SmallLogarithm(group, MAX_SELECTION_BOUND).find(largest)).toBe(MAX_SELECTION_BOUND);
  },
  300_000,
);

test("parameters ask for more than one group, for enough rows, and for bounds that noise fits in", () => {
  const wrong: Partial<SelectionParameters>[] = [
    { minimumGroups: 1 },
    { minimumGroups: 4 },
    { minimumRows: 4 },
    { groups: [...LABELS, "a"] },
    { groups: Array.from({ length: 1_025 }, (_, i) => String(i)) },
    { measures: [{ name: "people", subjectBound: 1, noiseScale: 2, bound: 128 }] },
    { measures: [{ name: "people", subjectBound: 1, noiseScale: 2, bound: 2 ** 39 + 1 }] },
  ];
  for (const change of wrong) {
    expect(() => parseSelectionParameters({ ...PARAMETERS, ...change })).toThrow(
      expect.objectContaining({ code: "ERR_SELECTION_PARAMETERS" }),
    );
  }
});
