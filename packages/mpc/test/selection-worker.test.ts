/** The selection worker as a domain uses it: through the pool, with plain data. @module */
import { encodeSelectionRequest, type Bytes } from "@sluice/protocol";
import { afterAll, expect, test } from "vitest";
import { SelectionClient } from "../src/he/selection/client.ts";
import { SELECTION_WORKER, selectionNoise, type SelectionTask } from "../src/he/selection/server.ts";
import { createTaskPool } from "../src/pool.ts";
import { CALLER, GROUPS, PARAMETERS, selectionOf, sentAs } from "./selection-product.ts";

const pool = createTaskPool({ workerFile: SELECTION_WORKER, maxThreads: 1 });
afterAll(() => pool.close());

const EPOCH = "2026-10";
const task = (selection: Bytes, request: Bytes, change: Partial<SelectionTask> = {}): SelectionTask => ({
  parameters: PARAMETERS,
  epoch: EPOCH,
  groups: GROUPS,
  caller: CALLER,
  selection,
  request,
  noise: [3n, -5n],
  ...change,
});
const answer = (input: SelectionTask, signal?: AbortSignal): Promise<Bytes> =>
  pool.run<Bytes>("selection.answer", input, signal === undefined ? {} : { signal });

test("the worker answers with the sums and the noise it was given, and is well after what it refuses or is told to leave", async () => {
  const client = await SelectionClient.select({ parameters: PARAMETERS, caller: CALLER }, ["b", "g"]);
  const request = client.request(EPOCH, ["people", "balance"]);
  const whole = task(client.frame, request);
  const sums = await client.open(request, await answer(whole));
  // 100 + 600 and 1000·(-2 + 3), with the noise.
  expect([...sums]).toEqual([
    ["people", 703],
    ["balance", 995],
  ]);
  const [commitment, unit] = sentAs(await selectionOf([0, 0, 1, 0, 0, 0, 0]));
  const one = encodeSelectionRequest({ commitment, epoch: EPOCH, measures: [0] });
  const refusals: [SelectionTask, string][] = [
    [task(unit, one), "ERR_SELECTION_PROOF"],
    [task(new Uint8Array(3), request), "ERR_FRAME_MALFORMED"],
    [{ ...whole, caller: "somebody" }, "ERR_SELECTION_REFUSED"],
    [{ ...whole, parameters: { ...PARAMETERS, minimumGroups: 3 } }, "ERR_SELECTION_REFUSED"],
    [{ ...whole, epoch: "2026-11" }, "ERR_SELECTION_REFUSED"],
    [{ ...whole, noise: [1n] }, "ERR_SELECTION_REFUSED"],
    [{ ...whole, groups: GROUPS.slice(1) }, "ERR_SELECTION_GROUPS"],
  ];
  for (const [refused, code] of refusals) await expect(answer(refused)).rejects.toMatchObject({ code });
  await expect(answer(whole, AbortSignal.abort())).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  const leaving = new AbortController();
  const left = answer(whole, leaving.signal);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  expect((await client.open(request, await answer(whole))).get("people")).toBe(703);
});

test("noise that its bound has no place for is drawn again", () => {
  const drawn = [64n * 10n + 1n, -(64n * 10n + 1n), -640n];
  const measure = { name: "balance", subjectBound: 100, noiseScale: 10, bound: 50_000 };
  expect(selectionNoise(measure, () => drawn.shift() ?? 0n)).toBe(-640n);
});
