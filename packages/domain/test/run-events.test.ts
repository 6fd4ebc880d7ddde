/** Events of a run reach a reader that was cut off, whichever process it read before.
 *  @module */
import { expect, test } from "vitest";
import { RunEvents } from "../src/serve/run-events.ts";

async function idsAfter(after: number): Promise<number[]> {
  const events = new RunEvents();
  events.emit("run", { kind: "state", state: "running" });
  events.emit("run", { kind: "progress", percent: 50 });
  events.emit("run", { kind: "state", state: "completed" });
  const ids: number[] = [];
  for await (const { id } of events.watch("run", after, new AbortController().signal)) ids.push(id);
  return ids;
}

test("a reader goes on after the last event that it saw", async () => {
  expect(await idsAfter(1)).toEqual([2, 3]);
  expect(await idsAfter(3)).toEqual([]);
});

test("a reader that saw more of an earlier process gets the run from the start, and its end", async () => {
  expect(await idsAfter(40)).toEqual([1, 2, 3]);
});
