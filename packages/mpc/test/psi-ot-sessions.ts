/** Two roles of a set intersection by transfers, and whatever carries their frames: a list, with a hand that may change them.
 *  @module */
import { padPsiItems, type Bytes, type Random, type Session } from "@sluice/protocol";
import type { TransferContext } from "../src/psi/ot/binding.ts";
import { TransferReceiver } from "../src/psi/ot/transfer-receiver.ts";
import { TransferSender, type TransferSenderOptions } from "../src/psi/ot/transfer-sender.ts";
import { transferSet } from "../src/psi/ot/transfer-set.ts";
import { seededRandom } from "./seeded-random.ts";

export const CONTEXT: TransferContext = {
  session: new Uint8Array(16).fill(3),
  snapshot: "ab".repeat(32),
  purpose: "medical-aid",
};

/** The roles of one session, from seeds. */
export function rolesOf(
  list: readonly string[],
  set: readonly string[],
  { seed = 1, ...more }: Partial<TransferSenderOptions> & { seed?: number } = {},
) {
  const [own, domains] = [seededRandom(2 * seed), seededRandom(2 * seed + 1)];
  const drawn: Bytes[] = [];
  const random: Random = {
    bytes(length) {
      const bytes = domains.bytes(length);
      drawn.push(bytes);
      return bytes;
    },
  };
  const caller = { ...CONTEXT, list: transferSet(list), setItems: padPsiItems(set.length) };
  const domain = { ...CONTEXT, list: transferSet(set), ...more };
  return {
    caller,
    domain,
    receiver: TransferReceiver.create({ ...caller, random: own }),
    sender: TransferSender.create({ ...domain, random }),
    /** What the domain has drawn, where the role keeps it: its nonce, its secret, its choices, and so on. */
    drawn,
  };
}

/** All frames that a role gives until it waits, and what it computed. */
export async function drain(role: Session, frame?: Bytes): Promise<{ frames: Bytes[]; done?: unknown }> {
  const frames: Bytes[] = [];
  for (let next = frame; ; next = undefined) {
    const step = await role.step(next);
    frames.push(...step.send);
    if ("done" in step) return { frames, done: step.done };
    if (step.send.length === 0) return { frames };
  }
}

/** Carries frames until the receiver is done. @param change what becomes of a frame on its way. */
export async function carry(
  receiver: Session,
  sender: Session,
  change: (frame: Bytes, from: "caller" | "domain") => Bytes[] = (frame) => [frame],
): Promise<{ found: unknown; frames: Bytes[] }> {
  const frames: Bytes[] = [];
  let { frames: waiting, done } = await drain(receiver);
  while (done === undefined) {
    const answers: Bytes[] = [];
    for (const sent of waiting) {
      for (const frame of change(sent, "caller")) {
        frames.push(frame);
        answers.push(...(await drain(sender, frame)).frames);
      }
    }
    if (answers.length === 0) throw new Error("both roles wait");
    waiting = [];
    for (const frame of answers.flatMap((each) => change(each, "domain"))) {
      frames.push(frame);
      const given = await drain(receiver, frame);
      waiting.push(...given.frames);
      done = given.done;
    }
  }
  return { found: done, frames };
}
