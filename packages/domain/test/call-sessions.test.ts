/** Sessions of calls inside a domain: sealed, numbered, each answered once, limited, forgotten. @module */
import { openQuery, SealKeyPair, sealQuery, type SessionSeal } from "@sluice/evidence/seal";
import { SESSION_MEMORY_MS, type Timers } from "@sluice/mpc/session/server";
import {
  decodeSessionPacket,
  encodeSessionPacket,
  fromHex,
  isSluiceError,
  MAX_PSI_TRANSFER_FRAME_TAGS,
  MAX_PSI_TRANSFER_SIDE_ITEMS,
  padPsiItems,
  utf8,
  type Bytes,
  type Session,
  type SessionPacket,
} from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import { transferGeometry } from "../../mpc/src/psi/ot/geometry.ts";
import { CallSessions, DEFAULT_SESSION_LIMITS } from "../src/serve/call-sessions.ts";

const [ONE, TWO] = ["01".repeat(16), "02".repeat(16)];
const NEVER = new AbortController().signal;
const pair = await SealKeyPair.derive(new Uint8Array(32).fill(7));

/** Takes one frame, and answers what it got with twice the bytes. */
class Doubling implements Session {
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame === undefined) return Promise.resolve({ send: [] });
    return Promise.resolve({ send: [new Uint8Array([...frame, ...frame])], done: null });
  }
}

async function seals(): Promise<{ caller: SessionSeal; domain: SessionSeal }> {
  const sent = await sealQuery(pair.sealKey, utf8("opening"), utf8("call"));
  const opened = await openQuery(pair, sent.frame, utf8("call"));
  return { caller: await sent.session(), domain: await opened.session() };
}

function sessionsOf(limits: Partial<typeof DEFAULT_SESSION_LIMITS> = {}): CallSessions<string> {
  const sessions = new CallSessions<string>({ ...DEFAULT_SESSION_LIMITS, ...limits });
  onTestFinished(() => sessions.close());
  return sessions;
}

function packet(callId: string, change: Partial<SessionPacket> = {}): Bytes {
  return encodeSessionPacket({ session: fromHex(callId), state: "open", next: 0, room: 8, frames: [], ...change });
}

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "nothing",
    (error: unknown) => (isSluiceError(error) ? error.code : String(error)),
  );
}

async function begin(
  sessions: CallSessions<string>,
  callId = ONE,
  group = "grant",
): Promise<{ caller: SessionSeal; ended: Promise<string> }> {
  const { caller, domain } = await seals();
  const session = { callId, role: new Doubling(), seal: domain, group, owner: `of ${callId}`, signal: NEVER };
  return { caller, ended: codeOf(sessions.run(session)) };
}

test("a message is answered once; what comes again has the same answer, whatever it holds", async () => {
  const sessions = sessionsOf();
  const { caller, ended } = await begin(sessions);
  expect([sessions.open, sessions.holds(ONE), sessions.ownerOf(ONE)]).toEqual([1, true, `of ${ONE}`]);
  const frame = Uint8Array.of(1, 2);
  const first = { number: 0, sealed: await caller.seal(0, packet(ONE, { frames: [{ number: 0, frame }] })) };
  const answers = await Promise.all([0, 1, 2].map(() => sessions.reply(ONE, first, NEVER)));
  expect(answers[1]).toEqual(answers[0]);
  expect(await sessions.reply(ONE, first, NEVER)).toEqual(answers[0]);
  const answer = decodeSessionPacket(await caller.open(0, answers[0] ?? frame));
  expect(answer).toMatchObject({ state: "ended", frames: [{ frame: Uint8Array.of(1, 2, 1, 2) }] });
  const last = { number: 1, sealed: await caller.seal(1, packet(ONE, { state: "ended", next: 1 })) };
  await sessions.reply(ONE, last, NEVER);
  expect(await ended).toBe("nothing");
  expect(sessions.open).toBe(0);
  expect(await codeOf(sessions.reply(ONE, first, NEVER))).toBe("ERR_SESSION_FRAME");
});

test("what is of another session or number, or altered, is refused and changes nothing", async () => {
  const sessions = sessionsOf();
  const { caller } = await begin(sessions);
  const other = await begin(sessions, TWO);
  const foreign = { number: 0, sealed: await other.caller.seal(0, packet(TWO)) };
  expect(await codeOf(sessions.reply(ONE, foreign, NEVER))).toBe("ERR_SEAL");
  const early = { number: 1, sealed: await caller.seal(1, packet(ONE)) };
  expect(await codeOf(sessions.reply(ONE, { ...early, number: 0 }, NEVER))).toBe("ERR_SEAL");
  expect(await codeOf(sessions.reply("03".repeat(16), early, NEVER))).toBe("ERR_SESSION_ENDED");
  const { sealed } = foreign;
  expect(await codeOf(sessions.reply(TWO, { number: 0, sealed: sealed.with(3, (sealed[3] ?? 0) ^ 1) }, NEVER))).toBe(
    "ERR_SEAL",
  );
  expect(await codeOf(sessions.reply(TWO, foreign, NEVER))).toBe("nothing");
  expect(sessions.open).toBe(2);
});

test("a message may leave numbers out; one below the last is refused, and both change nothing that was said", async () => {
  const sessions = sessionsOf();
  const { caller } = await begin(sessions);
  const older = { number: 3, sealed: await caller.seal(3, packet(ONE)) };
  const later = { number: 70_000, sealed: await caller.seal(70_000, packet(ONE)) };
  expect(await codeOf(sessions.reply(ONE, later, NEVER))).toBe("nothing");
  expect(await codeOf(sessions.reply(ONE, older, NEVER))).toBe("ERR_SESSION_FRAME");
  expect(await sessions.reply(ONE, later, NEVER)).toEqual(await sessions.reply(ONE, later, NEVER));
  expect(sessions.open).toBe(1);
});

test("a caller cannot speak in another one's session", async () => {
  const sessions = sessionsOf();
  const { caller } = await begin(sessions);
  await begin(sessions, TWO);
  const message = { number: 0, sealed: await caller.seal(0, packet(TWO, { state: "abandoned" })) };
  expect(await codeOf(sessions.reply(ONE, message, NEVER))).toBe("ERR_FRAME_MALFORMED");
  expect(sessions.open).toBe(2);
});

test("places are limited by grant and in all, kept before the charge, and given back", async () => {
  const sessions = sessionsOf({ maxSessions: 3, maxPerGroup: 2 });
  await begin(sessions);
  const giveBack = sessions.reserve(TWO, "grant");
  expect(() => sessions.reserve("03".repeat(16), "grant")).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_LIMIT" }),
  );
  sessions.reserve("04".repeat(16), "other");
  expect(() => sessions.reserve("05".repeat(16), "third")).toThrow(
    expect.objectContaining({ code: "ERR_SESSION_LIMIT" }),
  );
  giveBack();
  sessions.reserve("05".repeat(16), "grant");
});

test("a session whose caller does not come back ends in its time, its messages are told so, and then nothing is left", async () => {
  const alarms: [number, () => void][] = [];
  const timers: Timers = {
    nowMs: () => 0,
    after: (ms, alarm) => (
      alarms.push([ms, alarm]),
      () =>
        alarms.splice(
          alarms.findIndex(([, one]) => one === alarm),
          1,
        )
    ),
  };
  const ring = (ms: number): void => alarms.filter(([at]) => at === ms).forEach(([, alarm]) => alarm());
  const sessions = sessionsOf({ timers, idleMs: 50 });
  const { caller, ended } = await begin(sessions);
  await new Promise((resolve) => void setImmediate(resolve));
  ring(50);
  expect(await ended).toBe("ERR_TIMEOUT");
  const message = { number: 0, sealed: await caller.seal(0, packet(ONE)) };
  expect(await codeOf(sessions.reply(ONE, message, NEVER))).toBe("ERR_TIMEOUT");
  ring(SESSION_MEMORY_MS);
  expect(sessions.holds(ONE)).toBe(false);
  expect(await codeOf(sessions.reply(ONE, message, NEVER))).toBe("ERR_SESSION_ENDED");
});

test("the answer for every set and list that may be asked waits whole for its receipt", () => {
  const sizes = new Set<number>();
  for (let size = 16; size <= MAX_PSI_TRANSFER_SIDE_ITEMS; size = padPsiItems(size + 1)) sizes.add(size);
  const most = Math.max(
    ...[...sizes].flatMap((size) =>
      [size, MAX_PSI_TRANSFER_SIDE_ITEMS].map((list) => {
        const { bins, domainLoad } = transferGeometry(list, size);
        return bins * Math.ceil(domainLoad / MAX_PSI_TRANSFER_FRAME_TAGS);
      }),
    ),
  );
  expect(most).toBe(32);
  expect(DEFAULT_SESSION_LIMITS.maxHeld).toBeGreaterThanOrEqual(most);
});
