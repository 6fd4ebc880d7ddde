/** A small intersection over connections in memory whose frames are spoiled, each in every way: both sides end, with the right
 *  result or a code, and nothing is left of the session in the host, in the roles, or in the memory that kernels share.
 *  Every frame and way with SLOW=1; otherwise one of each side. @module */
import { isSluiceError, type Bytes, type Session } from "@sluice/protocol";
import { expect, test } from "vitest";
import { openEngine } from "../src/psi/ot/engine.ts";
import { connectSession } from "../src/session/connect.ts";
import { SessionHost } from "../src/session/session-host.ts";
import { rolesOf } from "./psi-ot-sessions.ts";
import { ID, memoryTo } from "./session-ways.ts";

const SLOW = process.env["SLOW"] === "1";
const LIST = Array.from({ length: 18 }, (_, i) => `person ${i}`);
const SET = Array.from({ length: 20 }, (_, i) => `person ${i + 9}`);
const FOUND = Array.from({ length: 9 }, (_, i) => i + 9);
/** Frames of each side, by their names. */
const FRAMES = { caller: ["open", "answers", "rows", "check"], domain: ["choices", "tags"] } as const;
type Side = keyof typeof FRAMES;

/** What becomes of frame `number` of those that a role gives, which may be held back until the next. */
type Fault = (frame: Bytes, number: number) => readonly Bytes[];

const flip = (at: (length: number) => number, bits: number) => (frame: Bytes) => {
  const place = at(frame.length);
  return [frame.map((byte, i) => (i === place ? byte ^ bits : byte))];
};
const WAYS: Readonly<Record<string, (frame: Bytes) => readonly Bytes[]>> = {
  "another version": flip(() => 1, 2),
  "another kind": flip(() => 2, 1),
  "another head": flip(() => 5, 0x80),
  "another number": flip(() => 22, 1),
  "a bit in the middle": flip((length) => length >> 1, 1),
  "a bit near the end": flip((length) => length - 3, 0x40),
  "the last bit": flip((length) => length - 1, 0x80),
  "a byte less": (frame) => [frame.subarray(0, -1)],
  "half of it": (frame) => [frame.subarray(0, frame.length >> 1)],
  "a byte more": (frame) => [new Uint8Array([...frame, 0])],
  "sent twice": (frame) => [frame, frame],
};

/** A role whose frame `number` is spoiled. */
function spoiled(role: Session, number: number, way: Fault): Session {
  let given = 0;
  return {
    close: () => role.close?.(),
    async step(frame) {
      const step = await role.step(frame);
      return { ...step, send: step.send.flatMap((sent) => (given++ === number ? way(sent, number) : [sent])) };
    },
  };
}

/** A role that says two frames in the other order, where a step gives both. */
function reordered(role: Session): Session {
  return {
    close: () => role.close?.(),
    async step(frame) {
      const step = await role.step(frame);
      return { ...step, send: step.send.toReversed() };
    },
  };
}

type Outcome = { readonly done: unknown } | { readonly code: string };

function outcomeOf(work: Promise<unknown>): Promise<Outcome> {
  return work.then(
    (done) => ({ done }),
    (error: unknown) => ({ code: isSluiceError(error) ? error.code : `uncoded: ${String(error)}` }),
  );
}

/** Runs both roles, and looks at what is left. */
async function run(spoil: (side: Side, role: Session) => Session) {
  const { receiver, sender, drawn } = rolesOf(LIST, SET);
  const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1 });
  const domain = outcomeOf(host.run({ id: ID, role: spoil("domain", sender), group: "one" }));
  const connect = memoryTo(host, () => ({}));
  const caller = await outcomeOf(connectSession(spoil("caller", receiver), { id: ID, connect, reconnectMs: 0 }));
  const outcomes = { caller, domain: await domain };
  expect(host.open).toBe(0);
  host.close();
  expect(drawn.slice(1, 3)).toEqual([new Uint8Array(32), new Uint8Array(78)]);
  const { bytes } = openEngine(1);
  expect(bytes.findIndex((byte) => byte !== 0)).toBe(-1);
  for (const side of [receiver, sender]) await expect(side.step()).rejects.toMatchObject({ code: "ERR_PSI_SESSION" });
  return outcomes;
}

function check(name: string, { caller, domain }: { caller: Outcome; domain: Outcome }, some: boolean): void {
  for (const outcome of [caller, domain]) if ("code" in outcome) expect(outcome.code, name).toMatch(/^ERR_[A-Z_]+$/);
  // A last frame that comes again is not read any more.
  if (!name.endsWith("sent twice")) expect("code" in caller || "code" in domain || some, name).toBe(true);
  if ("code" in caller) return;
  // Nothing shows a tag that is another one: the receipt of a call is over all frames.
  if (some) expect(FOUND, name).toEqual(expect.arrayContaining(caller.done as number[]));
  else expect(caller.done, name).toEqual(FOUND);
}

test("a session that is not spoiled finds what both have, and leaves nothing", async () => {
  // The domain learns the padded size of the list, which is the least one.
  expect(await run((_, role) => role)).toEqual({ caller: { done: FOUND }, domain: { done: 1_024 } });
});

for (const [side, frames] of Object.entries(FRAMES) as [Side, readonly string[]][]) {
  for (const [number, frame] of frames.entries()) {
    const ways = Object.entries(WAYS).filter(([way]) => SLOW || way === "a bit in the middle");
    test.runIf(SLOW || frame === "rows" || frame === "choices")(
      `${frame} of the ${side}, spoiled: both end with a code or the right result, and leave nothing`,
      async () => {
        for (const [name, way] of ways) {
          const outcomes = await run((of, role) => (of === side ? spoiled(role, number, way) : role));
          check(`${frame}: ${name}`, outcomes, frame === "tags");
        }
      },
    );
  }
}

test.runIf(SLOW)("frames in another order end the session with a code, and leave nothing", async () => {
  const outcomes = await run((of, role) => (of === "caller" ? reordered(role) : role));
  check("reordered", outcomes, false);
});
