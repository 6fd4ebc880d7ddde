/** Back-pressure: a side that reads slowly holds the other one up, over each way, so that neither keeps more than a few frames. @module */
import { MAX_SESSION_FRAMES_IN_FLIGHT, type Bytes, type Session } from "@sluice/protocol";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { SessionHost } from "../src/session/session-host.ts";
import { BlocksRole, digestOf, type BlocksPlan } from "./session-blocks.ts";
import type { Listening } from "./session-network.ts";
import { ID, WAYS } from "./session-ways.ts";

/** Frames that a step gives at most. */
const STEP = 2;
/** Frames of a domain's role that may wait in the host. */
const MAX_HELD = 12;
const FRAMES = 60;
/** Turns of the event loop between two frames of a slow reader. */
const TURNS = 20;

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function track<T extends Listening>(listening: Promise<T>): Promise<T> {
  const one = await listening;
  opened.push(one);
  return one;
}

/** Frames that one side has made and the other has not taken. */
class Lead {
  most = 0;
  #made = 0;
  #taken = 0;

  /** The role that sends. */
  sending(role: Session): Session {
    return {
      step: async (frame) => {
        const step = await role.step(frame);
        this.#made += step.send.length;
        this.most = Math.max(this.most, this.#made - this.#taken);
        return step;
      },
    };
  }

  /** The role that takes: the first frame when the peer has made more than a channel holds, each other one some turns later. */
  reading(role: Session): Session {
    return {
      step: async (frame?: Bytes) => {
        if (frame === undefined) return await role.step();
        this.#taken++;
        while (this.#made <= MAX_SESSION_FRAMES_IN_FLIGHT) await turn();
        for (let i = 0; i < TURNS; i++) await turn();
        return await role.step(frame);
      },
    };
  }
}

for (const [name, way] of Object.entries(WAYS)) {
  // What the sending side's channel holds, what the reading side's does, and what one step has given.
  const asking = name === "HTTP" ? 2 * MAX_SESSION_FRAMES_IN_FLIGHT : MAX_SESSION_FRAMES_IN_FLIGHT;
  const cases: [string, BlocksPlan, number][] = [
    ["domain", { asked: FRAMES, answered: 1, blockBytes: 100 }, asking],
    ["caller", { asked: 1, answered: FRAMES, blockBytes: 100 }, MAX_HELD],
  ];
  for (const [slow, plan, held] of cases) {
    test(`a ${slow} that reads slowly over ${name} lets its peer run a few frames ahead, and no further`, async () => {
      const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1, maxHeld: MAX_HELD, patienceMs: 5 });
      opened.push(host);
      const run = await way({ host, track });
      const lead = new Lead();
      const own = new BlocksRole(0, plan, STEP);
      const other = new BlocksRole(1, plan, STEP);
      const [caller, domain] =
        slow === "domain" ? [lead.sending(own), lead.reading(other)] : [lead.reading(own), lead.sending(other)];
      const asked = host.run({ id: ID, role: domain, group: "one" });
      expect(await run(caller)).toBe(digestOf(plan));
      expect(await asked).toBe(digestOf(plan));
      expect(lead.most).toBeGreaterThan(MAX_SESSION_FRAMES_IN_FLIGHT);
      expect(lead.most).toBeLessThanOrEqual(held + MAX_SESSION_FRAMES_IN_FLIGHT + STEP);
    });
  }
}
