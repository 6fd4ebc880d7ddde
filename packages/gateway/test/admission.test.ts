/** Admission: what may be in flight and wait, whose turn it is, and that no turn is lost.
 *  @module */
import { FORM_OPERATIONS, ProductForm, SluiceError } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Admission, DEFAULT_ADMISSION, WORK_KINDS, workKindOf } from "../src/work/admission.ts";
import { WaitingRoom, type RoomLimits } from "../src/work/waiting-room.ts";

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
const ROOMY: RoomLimits = { maxConcurrent: 8, maxWaiting: 8, maxWaitingBytes: 1_000 };

function admissionOf(limits: Partial<typeof DEFAULT_ADMISSION>, now = () => new Date(0)): Admission {
  return new Admission(
    { callsPerSecond: 100, lookup: ROOMY, psi: ROOMY, score: ROOMY, session: ROOMY, ...limits },
    { now },
  );
}

test("admission bounds what is in flight and what waits", async () => {
  const admission = admissionOf({ lookup: { maxConcurrent: 2, maxWaiting: 1, maxWaitingBytes: 100 } });
  const held = Promise.withResolvers<void>();
  let inFlight = 0;
  let most = 0;
  const asking = { kind: "lookup", party: "bank", sizeBytes: 1 } as const;
  const call = () =>
    admission.run(asking, async () => {
      most = Math.max(most, ++inFlight);
      await held.promise;
      inFlight--;
    });
  const calls = [call(), call(), call()];
  await expect(call()).rejects.toMatchObject({ code: "ERR_POOL_FULL", details: { maxQueue: 1 } });
  await turn();
  expect(inFlight).toBe(2);
  held.resolve();
  await Promise.all(calls);
  await expect(admission.run(asking, () => Promise.reject(new SluiceError("ERR_SNAPSHOT")))).rejects.toMatchObject({
    code: "ERR_SNAPSHOT",
  });
  await call();
  expect([most, inFlight]).toEqual([2, 0]);
});

test("a party above its rate is refused until time has passed, others are not", async () => {
  let now = 0;
  const admission = admissionOf({ callsPerSecond: 2 }, () => new Date(now));
  const call = (party: string) => admission.run({ kind: "lookup", party, sizeBytes: 1 }, () => Promise.resolve(party));
  for (let i = 0; i < 4; i++) await call("bank");
  await expect(call("bank")).rejects.toMatchObject({ code: "ERR_RATE_LIMIT" });
  expect(await call("lab")).toBe("lab");
  now = 500;
  expect(await call("bank")).toBe("bank");
  await expect(call("bank")).rejects.toMatchObject({ code: "ERR_RATE_LIMIT" });
  now = -10_000;
  await expect(call("bank")).rejects.toMatchObject({ code: "ERR_RATE_LIMIT" });
});

test("two parties that fill every place for lists keep no lookup and no score waiting", async () => {
  const admission = new Admission(DEFAULT_ADMISSION, { now: () => new Date(0) });
  const held = Promise.withResolvers<void>();
  const list = (party: string) =>
    admission.run({ kind: "psi", party, sizeBytes: 16_000_000 }, () => held.promise).catch((error: unknown) => error);
  const lists = ["a", "b"].flatMap((party) => Array.from({ length: 40 }, () => list(party)));
  await turn();
  const [, psi] = admission.load();
  expect(psi).toMatchObject({ kind: "psi", active: DEFAULT_ADMISSION.psi.maxConcurrent });
  expect(psi?.waiting).toBeGreaterThan(0);
  for (const kind of ["lookup", "score"] as const) {
    const asking = { kind, party: "c", sizeBytes: 16_000_000 };
    expect(await admission.run(asking, () => Promise.resolve(kind))).toBe(kind);
  }
  // A third party's list finds room to wait.
  const third = list("c");
  held.resolve();
  expect(await third).toBeUndefined();
  await Promise.all(lists);
});

test("what waits holds 320 MiB at most by default, and every operation has a kind", () => {
  const bytes = WORK_KINDS.reduce((sum, kind) => sum + DEFAULT_ADMISSION[kind].maxWaitingBytes, 0);
  expect(bytes).toBe(320 * 1_048_576);
  const kinds = ProductForm.options.map((form) => FORM_OPERATIONS[form].map(workKindOf));
  expect(kinds).toEqual([
    ["lookup", "lookup"],
    ["psi"],
    ["psi"],
    ["psi"],
    ["score"],
    ["lookup"],
    ["lookup"],
    ["lookup", "score"],
  ]);
  for (const run of ["develop", "build"] as const) {
    expect(() => workKindOf(run)).toThrow(expect.objectContaining({ code: "ERR_GRANT_OPERATION" }));
  }
});

test("waiting calls are bounded in bytes, and one party by a quarter", async () => {
  const room = new WaitingRoom({ maxConcurrent: 1, maxWaiting: 100, maxWaitingBytes: 100 });
  await room.enter({ party: "a", sizeBytes: 1_000 });
  const waiting: Promise<void>[] = [];
  const wait = (party: string, sizeBytes: number) => void waiting.push(room.enter({ party, sizeBytes }));
  const refused = async (party: string, sizeBytes: number) =>
    expect(room.enter({ party, sizeBytes })).rejects.toMatchObject({
      code: "ERR_POOL_FULL",
      details: { maxQueue: waiting.length },
    });
  await refused("a", 101);
  wait("a", 60);
  await refused("a", 1);
  wait("b", 20);
  await refused("b", 6);
  wait("b", 5);
  await refused("c", 16);
  wait("c", 15);
  expect([room.waiting, room.waitingBytes]).toEqual([4, 100]);
  for (const _ of waiting) room.leave();
  await Promise.all(waiting);
  room.leave();
  expect([room.active, room.waiting, room.waitingBytes]).toEqual([0, 0, 0]);
});

test("a call that is given up while it waits leaves its place; one in flight is not touched", async () => {
  const room = new WaitingRoom({ maxConcurrent: 1, maxWaiting: 4, maxWaitingBytes: 10 });
  const gone = new AbortController();
  await room.enter({ party: "a", sizeBytes: 1, signal: gone.signal });
  const given = room.enter({ party: "a", sizeBytes: 10, signal: gone.signal });
  gone.abort();
  await expect(given).rejects.toMatchObject({ code: "ERR_CANCELLED" });
  await expect(room.enter({ party: "a", sizeBytes: 1, signal: gone.signal })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
  expect([room.active, room.waiting, room.waitingBytes]).toEqual([1, 0, 0]);
});

type Step = { do: "ask"; party: string; sizeBytes: number } | { do: "end" | "giveUp"; which: number };
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant("ask" as const),
      party: fc.constantFrom("a", "b", "c"),
      sizeBytes: fc.integer({ min: 0, max: 40 }),
    }),
    fc.record({ do: fc.constantFrom("end" as const, "giveUp" as const), which: fc.nat() }),
  ),
  { maxLength: 80 },
) satisfies fc.Arbitrary<Step[]>;

test("never above a limit, first come first served per party, and no turn is lost", async () => {
  const limits = fc.record({
    maxConcurrent: fc.integer({ min: 1, max: 3 }),
    maxWaiting: fc.integer({ min: 1, max: 24 }),
    maxWaitingBytes: fc.integer({ min: 1, max: 800 }),
  });
  await fc.assert(
    fc.asyncProperty(limits, steps, async (limit, script) => {
      const room = new WaitingRoom(limit);
      let next = 0;
      const waiting: { id: number; party: string; sizeBytes: number; gone: AbortController }[] = [];
      const inFlight: number[] = [];
      const settled: Promise<void>[] = [];
      for (const step of script) {
        if (step.do === "ask") {
          const asked = { id: next++, party: step.party, sizeBytes: step.sizeBytes, gone: new AbortController() };
          waiting.push(asked);
          const enter = async (): Promise<void> => {
            try {
              await room.enter({ ...asked, signal: asked.gone.signal });
              // First come, first served, within the party.
              expect(waiting.find(({ party }) => party === asked.party)?.id).toBe(asked.id);
              inFlight.push(asked.id);
            } catch (error) {
              if (!(error instanceof SluiceError)) throw error;
              expect(error.code).toBe(asked.gone.signal.aborted ? "ERR_CANCELLED" : "ERR_POOL_FULL");
            } finally {
              waiting.splice(waiting.indexOf(asked), 1);
            }
          };
          settled.push(enter());
        } else if (step.do === "end" && inFlight.length > 0) {
          inFlight.splice(step.which % inFlight.length, 1);
          room.leave();
        } else if (step.do === "giveUp" && waiting.length > 0) {
          waiting[step.which % waiting.length]?.gone.abort();
        }
        await turn();
        const bytes = waiting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect([room.active, room.waiting, room.waitingBytes]).toEqual([inFlight.length, waiting.length, bytes]);
        expect(inFlight.length).toBeLessThanOrEqual(limit.maxConcurrent);
        expect(waiting.length).toBeLessThanOrEqual(limit.maxWaiting);
        expect(bytes).toBeLessThanOrEqual(limit.maxWaitingBytes);
        // A lost turn would leave somebody waiting beside a free place.
        if (waiting.length > 0) expect(inFlight.length).toBe(limit.maxConcurrent);
      }
      while (inFlight.pop() !== undefined) {
        room.leave();
        await turn();
      }
      await Promise.all(settled);
      expect([room.active, room.waiting, room.waitingBytes]).toEqual([0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});

test("parties take turns: one that waits with many calls does not hold up one that waits with one", async () => {
  const room = new WaitingRoom({ maxConcurrent: 1, maxWaiting: 100, maxWaitingBytes: 100 });
  await room.enter({ party: "a", sizeBytes: 0 });
  const order: string[] = [];
  const asked = ["a1", "a2", "a3", "b1", "c1", "b2"].map((name) =>
    room.enter({ party: name[0] ?? "", sizeBytes: 0 }).then(() => void order.push(name)),
  );
  for (const _ of asked) {
    room.leave();
    await turn();
  }
  expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "a3"]);
});
