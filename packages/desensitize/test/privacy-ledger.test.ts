/** @module */
import type { Sha256Hex } from "@sluice/protocol";
import { expect, test } from "vitest";
import { answerOnce, type LedgerState, type PrivacyLedger, type Spend } from "../src/privacy/ledger.ts";
import { noiseFor } from "../src/privacy/noise.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { seededRandom } from "./seeded-random.ts";

/** Entries in an array. `before` runs ahead of each append: another process may come first. */
class ArrayLedger implements PrivacyLedger<number> {
  readonly entries: Spend[] = [];
  readonly answers = new Map<string, number>();
  before: () => void = () => {};
  readonly budget: bigint | null;

  constructor(budget: bigint | null) {
    this.budget = budget;
  }

  read(table: string): LedgerState {
    const own = this.entries.filter((entry) => entry.table === table);
    return { budget: this.budget, spent: own.reduce((sum, { cost }) => sum + cost, 0n), length: own.length };
  }

  isPaid(table: string, question: Sha256Hex): boolean {
    return this.entries.some((entry) => entry.table === table && entry.question === question);
  }

  append(spend: Spend, at: number): boolean {
    this.before();
    if (this.read(spend.table).length !== at) return false;
    this.entries.push(spend);
    return true;
  }

  answer(table: string, question: Sha256Hex): number | null {
    return this.answers.get(`${table} ${question}`) ?? null;
  }

  keep(table: string, question: Sha256Hex, answer: number): number {
    const key = `${table} ${question}`;
    const kept = this.answers.get(key) ?? answer;
    this.answers.set(key, kept);
    return kept;
  }
}

const SNAPSHOT = "a".repeat(64);
const QUESTION = { table: "persons", snapshot: SNAPSHOT, cost: 40n };

test("the same question gets the same noisy answer for one price: averaging over repeats gives nothing", async () => {
  const ledger = new ArrayLedger(100n);
  const words = new RandomWords(seededRandom(51));
  const { sample } = noiseFor({ mechanism: "laplace", epsilon: "0.1" }, { rows: 1, groups: 1 }, 1n, 1);
  let drawn = 0;
  const compute = async (): Promise<number> => {
    drawn++;
    return 1_000 + Number(sample(words));
  };
  const answers = new Set<number>();
  for (let i = 0; i < 200; i++) {
    // The order of members says nothing.
    const question = i % 2 === 0 ? { by: "age", of: "rows" } : { of: "rows", by: "age" };
    answers.add((await answerOnce(ledger, { ...QUESTION, question, compute })).answer);
  }
  expect(answers.size).toBe(1);
  expect(drawn).toBe(1);
  expect(ledger.read("persons").spent).toBe(40n);
});

test("another question, another snapshot and another table are paid for each", async () => {
  const ledger = new ArrayLedger(200n);
  const compute = async (): Promise<number> => 1;
  for (const asked of [
    { ...QUESTION, question: 1 },
    { ...QUESTION, question: 2 },
    { ...QUESTION, question: 1, snapshot: "b".repeat(64) },
    { ...QUESTION, question: 1, table: "visits" },
  ]) {
    expect((await answerOnce(ledger, { ...asked, compute })).charged).toBe(true);
  }
  expect([ledger.read("persons").spent, ledger.read("visits").spent]).toEqual([120n, 40n]);
});

test("what is too dear is refused before anything is computed, in the same words whatever the table holds", async () => {
  const messages = new Set<string>();
  for (const budget of [null, 0n, 39n]) {
    const ledger = new ArrayLedger(budget);
    const compute = (): Promise<number> => Promise.reject(new Error("computed"));
    await answerOnce(ledger, { ...QUESTION, question: 1, compute }).then(
      () => expect.unreachable(),
      (error: Error) => messages.add(error.message),
    );
    expect(ledger.entries).toEqual([]);
  }
  expect([...messages]).toEqual(["the privacy budget of this table does not allow the question"]);
});

test("a budget is spent to its end and not beyond", async () => {
  const ledger = new ArrayLedger(80n);
  const compute = async (): Promise<number> => 1;
  await answerOnce(ledger, { ...QUESTION, question: 1, compute });
  await answerOnce(ledger, { ...QUESTION, question: 2, compute });
  await expect(answerOnce(ledger, { ...QUESTION, question: 3, cost: 1n, compute })).rejects.toMatchObject({
    code: "ERR_PRIVACY_BUDGET",
  });
  expect((await answerOnce(ledger, { ...QUESTION, question: 1, compute })).charged).toBe(false);
});

test("of two questions for which one budget is enough, the later is refused: a spend between reading and writing counts", async () => {
  const ledger = new ArrayLedger(60n);
  ledger.before = () => {
    ledger.before = () => {};
    expect(ledger.append({ table: "persons", question: "c".repeat(64), cost: 40n }, 0)).toBe(true);
  };
  const compute = (): Promise<number> => Promise.reject(new Error("computed"));
  await expect(answerOnce(ledger, { ...QUESTION, question: 1, compute })).rejects.toMatchObject({
    code: "ERR_PRIVACY_BUDGET",
  });
  expect(ledger.read("persons")).toMatchObject({ spent: 40n, length: 1 });
});

test("the same question asked twice at once is paid once, and both get one answer", async () => {
  const ledger = new ArrayLedger(1_000n);
  let drawn = 0;
  const compute = async (): Promise<number> => ++drawn;
  const both = await Promise.all([1, 2].map(() => answerOnce(ledger, { ...QUESTION, question: 1, compute })));
  expect(new Set(both.map(({ answer }) => answer)).size).toBe(1);
  expect(both.filter(({ charged }) => charged)).toHaveLength(1);
  expect(ledger.entries).toHaveLength(1);
});

test("a failure after the spend keeps the spend, and the question asked again is not paid twice", async () => {
  const ledger = new ArrayLedger(40n);
  const fail = (): Promise<number> => Promise.reject(new Error("disk full"));
  await expect(answerOnce(ledger, { ...QUESTION, question: 1, compute: fail })).rejects.toThrow("disk full");
  expect(ledger.read("persons").spent).toBe(40n);
  await expect(answerOnce(ledger, { ...QUESTION, question: 2, compute: async () => 2 })).rejects.toMatchObject({
    code: "ERR_PRIVACY_BUDGET",
  });
  const again = await answerOnce(ledger, { ...QUESTION, question: 1, compute: async () => 1 });
  expect(again).toMatchObject({ answer: 1, charged: false });
  expect(ledger.entries).toHaveLength(1);
});

test("the spend is published before the answer is computed, also when an earlier process paid", async () => {
  const ledger = new ArrayLedger(40n);
  const steps: string[] = [];
  const asked = {
    ...QUESTION,
    question: 1,
    published: async () => void steps.push(`published ${ledger.entries.length}`),
    compute: async () => steps.push("computed"),
  };
  const refused = { ...asked, published: () => Promise.reject(new Error("log unwritable")) };
  await expect(answerOnce(ledger, refused)).rejects.toThrow("log unwritable");
  await answerOnce(ledger, asked);
  expect(steps).toEqual(["published 1", "computed"]);
});

test("a question without a cost is a mistake of the program", async () => {
  const ledger = new ArrayLedger(40n);
  const asked = { ...QUESTION, question: 1, cost: 0n, compute: async () => 1 };
  await expect(answerOnce(ledger, asked)).rejects.toThrow(RangeError);
});
