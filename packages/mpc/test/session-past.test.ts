/** The asking side of a session that goes on in another process: from whatever packet on, with a role that is made again and
 *  says the same. @module */
import type { Bytes, Session } from "@sluice/protocol";
import { expect, test } from "vitest";
import { postSession, type PostPacket, type SessionKeeping } from "../src/session/http-session.ts";
import { SessionHost } from "../src/session/session-host.ts";
import { WindowChannel, type SessionPast } from "../src/session/window-channel.ts";
import { BlocksRole, digestOf, type BlocksPlan } from "./session-blocks.ts";
import { ID } from "./session-ways.ts";

const NEVER = new AbortController().signal;
const DEAD = new Error("this process has ended");
const PLANS: readonly BlocksPlan[] = [
  { asked: 41, answered: 37, blockBytes: 20 },
  { asked: 1, answered: 60, blockBytes: 20 },
  { asked: 60, answered: 0, blockBytes: 20 },
];

/** What outlives a process. */
class Kept implements SessionKeeping {
  past: SessionPast | null = null;
  /** Most frames that came between two packets. */
  most = 0;
  outlives = (error: unknown): boolean => error === DEAD;
  keep = ({ acknowledged, received }: SessionPast): Promise<void> => {
    this.most = Math.max(this.most, received.length);
    this.past = {
      acknowledged,
      received: [...(this.past?.received ?? []), ...received.map((one: Bytes) => one.slice())],
    };
    return Promise.resolve();
  };
}

/** A role that its domain's host runs. */
function hosted(role: Session): { host: SessionHost; asked: Promise<unknown> } {
  const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1, maxHeld: 12 });
  return { host, asked: host.run({ id: ID, role, group: "one" }) };
}

/** Runs the asking side in processes that each end at their packet `at`: before it goes out, or when it has been answered. */
async function inProcesses(plan: BlocksPlan, at: number, when: "before" | "after") {
  const { host, asked } = hosted(new BlocksRole(1, plan));
  const keeping = new Kept();
  for (let processes = 1; ; processes++) {
    let packets = 0;
    const post: PostPacket = async (packet) => {
      const last = ++packets === at;
      if (packets > at || (last && when === "before")) throw DEAD;
      const answer = await host.answer(packet, NEVER);
      if (last) throw DEAD;
      return answer;
    };
    const done = await postSession(new BlocksRole(0, plan), { id: ID, post, keeping }).catch((error: unknown) => error);
    if (done === DEAD) continue;
    expect(done).toBe(digestOf(plan));
    host.close();
    await asked.catch(() => {});
    return { processes, most: keeping.most };
  }
}

for (const [index, plan] of PLANS.entries()) {
  test(`a session goes on in process after process, each with a packet or two, whatever is lost (${index + 1})`, async () => {
    for (const [at, when] of [
      // The first packet of a process that goes on only asks where the peer stands.
      [2, "after"],
      [3, "before"],
      [3, "after"],
    ] as const) {
      const { processes, most } = await inProcesses(plan, at, when);
      expect(processes).toBeGreaterThan(3);
      expect(most).toBeLessThanOrEqual(8);
    }
  });
}

test("what the peer has is not sent again, and nothing is before the peer has said what it has room for", async () => {
  const channel = new WindowChannel(ID, { past: { acknowledged: 3, received: [] } });
  for (let i = 0; i < 6; i++) await channel.send(Uint8Array.of(i), NEVER);
  expect(channel.packet().frames).toEqual([]);
  channel.absorb({ session: ID, state: "open", next: 4, room: 1, frames: [] });
  expect(channel.packet().frames).toEqual([{ number: 4, frame: Uint8Array.of(4) }]);
});

test("a session that is given up for good is told to the peer; one that may be gone on with is not", async () => {
  for (const outlives of [true, false]) {
    const { host, asked } = hosted(new BlocksRole(1, PLANS[0] ?? { asked: 1, answered: 1, blockBytes: 20 }));
    const ended = asked.then(
      () => "done",
      () => "ended",
    );
    const failing: Session = { step: () => Promise.reject(DEAD) };
    const keeping: SessionKeeping = { past: null, keep: () => Promise.resolve(), outlives: () => outlives };
    const post: PostPacket = (packet) => host.answer(packet, NEVER);
    await expect(postSession(failing, { id: ID, post, keeping })).rejects.toBe(DEAD);
    expect(host.open).toBe(outlives ? 1 : 0);
    host.close();
    expect(await ended).toBe("ended");
  }
});
