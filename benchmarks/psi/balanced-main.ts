/** One intersection by oblivious transfer in a process of its own, both roles one after the other in one thread:
 *  `balanced-main.ts ITEMS [unchecked]`, half of them in common. Prints what it took as one line of JSON.
 *  @module */
import { MAX_PSI_TRANSFER_ITEMS, padPsiItems, type Bytes, type Session } from "@sluice/protocol";
import { TransferReceiver, transferSet, type TransferSet } from "@sluice/mpc/psi/transfer-receiver";
import { TransferSender } from "@sluice/mpc/psi/transfer-sender";
import { UNCHECKED } from "../../packages/mpc/src/psi/ot/unchecked.ts";

const items = Number(process.argv[2]);
const unchecked = process.argv[3] === "unchecked";
if (!Number.isInteger(items) || items < 2 || items > MAX_PSI_TRANSFER_ITEMS) throw new Error("name a number of items");
const context = {
  session: crypto.getRandomValues(new Uint8Array(16)),
  snapshot: "ab".repeat(32),
  purpose: "benchmark",
};
const name = (i: number): string => `id-${String(i).padStart(15, "0")}`;
/** A side's entries as texts, which live only until they are hashed: the other side would pay for them, too. */
const entriesFrom = (first: number): string[] => Array.from({ length: items }, (_, i) => name(first + i));

let clock = process.cpuUsage();
const spent = { caller: 0, domain: 0 };
let bytes = 0;

/** Adds the processor time since the last call to a role's. */
function charge(role: keyof typeof spent | null): void {
  const now = process.cpuUsage();
  if (role !== null) spent[role] += now.user + now.system - clock.user - clock.system;
  clock = now;
}

/** Hashes a side's entries; to make them up is not its work. */
function hashed(role: keyof typeof spent, first: number): TransferSet {
  const entries = entriesFrom(first);
  charge(null);
  const list = transferSet(entries);
  charge(role);
  return list;
}

const domain = TransferSender.create({
  ...context,
  list: hashed("domain", 0),
  ...(unchecked ? { unchecked: UNCHECKED } : {}),
});
const list = hashed("caller", items / 2);
const caller = TransferReceiver.create({ ...context, list, setItems: padPsiItems(items) });

/** A step, charged to its role; what it sends is counted. */
async function step(role: keyof typeof spent, session: Session, frame?: Bytes) {
  charge(null);
  const given = await session.step(frame);
  charge(role);
  for (const { length } of given.send) bytes += length;
  return given;
}

const roles = { caller, domain };
/** Frames on their way to a role: no more than one step of the other gives. */
const waiting: Record<keyof typeof roles, Bytes[]> = { caller: [], domain: [] };
let found: unknown;

/** Lets a role take what waits for it and, when nothing does, go on. */
async function turn(role: keyof typeof roles, other: keyof typeof roles): Promise<void> {
  do {
    const given = await step(role, roles[role], waiting[role].shift());
    waiting[other].push(...given.send);
    if (role === "caller" && "done" in given) found = given.done;
  } while (waiting[role].length > 0);
}

while (found === undefined) {
  await turn("caller", "domain");
  if (found === undefined) await turn("domain", "caller");
}
// The list's first half.
if (!Array.isArray(found) || found.length !== items / 2 || found.some((index, i) => index !== i)) {
  throw new Error("the intersection is wrong");
}
console.log(
  JSON.stringify({
    items,
    callerMicros: spent.caller,
    domainMicros: spent.domain,
    bytes,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  }),
);
