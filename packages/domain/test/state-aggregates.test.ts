/** What a domain remembers of aggregations: by the words of a population and by the state of a table, through a restart, and after a
 *  loss of memory. @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { AggregateStore, type JoinedAggregate } from "../src/state/aggregates.ts";
import { StateDatabase } from "../src/state/database.ts";

const hash = (text: string): string => text.padEnd(64, "0");

function joined(agreement: string, change: Partial<JoinedAggregate> = {}): JoinedAggregate {
  return {
    agreement: hash(agreement),
    plan: hash(`b${agreement}`),
    subject: hash("c"),
    content: hash("d"),
    parties: ["a", "b", "c", "d"],
    grant: hash("e"),
    resource: "persons",
    recipient: null,
    at: "2026-11-01T00:00:00.000Z",
    ...change,
  };
}

async function temporaryFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-aggregates-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, "state.sqlite");
}

test("one set of parties and one of survivors for a population, by its words and by its table, also after a restart", async () => {
  const file = await temporaryFile();
  const first = new StateDatabase(file);
  const before = new AggregateStore(first);
  expect(before.join(joined("1"))).toBeNull();
  expect(before.settle(hash("1"), ["c", "a", "b"])).toBeNull();
  first.close();
  const db = new StateDatabase(file);
  const store = new AggregateStore(db);
  expect(store.join(joined("1"))).toBe("its plan was used before");
  expect(store.join(joined("2", { plan: hash("b1") }))).toBe("its plan was used before");
  const other = { parties: ["a", "b", "d"] };
  const refusal = "sums of the same population were asked over other parties";
  expect(store.join(joined("3", other))).toBe(refusal);
  expect(store.join(joined("3", { ...other, content: hash("f") }))).toBe(refusal);
  expect(store.join(joined("3", { ...other, subject: hash("f") }))).toBe(refusal);
  expect(store.has(hash("3"))).toBe(false);
  // Another population of another table is free; the survivors may go on; nobody else survives.
  expect(store.join(joined("4", { ...other, subject: hash("f"), content: hash("f") }))).toBeNull();
  expect(store.join(joined("5", { parties: ["a", "b", "c"] }))).toBeNull();
  expect(store.join(joined("6"))).toBeNull();
  expect(store.settle(hash("6"), ["a", "b", "d"])).toBe("sums of the same population were had of other survivors");
  expect(store.settle(hash("5"), ["a", "b", "c"])).toBeNull();
  expect(() => db.prepare("DELETE FROM aggregate").run()).toThrow("an aggregation stays");
  db.close();
});

test("after a loss of memory, only what was imported since is added up", async () => {
  const db = new StateDatabase(await temporaryFile());
  const store = new AggregateStore(db);
  expect(store.isLost("2026-01-01T00:00:00.000Z")).toBe(false);
  store.loseAll("2026-06-01T00:00:00.000Z");
  expect(store.isLost("2026-06-01T00:00:00.000Z")).toBe(true);
  expect(store.isLost("no instant")).toBe(true);
  expect(store.isLost("2026-06-01T00:00:00.001Z")).toBe(false);
  db.close();
});
