/** One role of a set intersection by oblivious transfer in a process of its own, over HTTP on loopback, half of the entries in
 *  common: `psi-memory-main.ts domain ITEMS`, which says its port in a line, and `psi-memory-main.ts caller ITEMS PORT`. Each
 *  prints how much memory it held at most. The caller keeps its entries as texts meanwhile, as a client does; the domain has
 *  hashes alone, as it keeps them of a set.
 *  @module */
import { padPsiItems } from "@sluice/protocol";
import { TransferReceiver } from "../src/psi/ot/transfer-receiver.ts";
import { TransferSender } from "../src/psi/ot/transfer-sender.ts";
import { transferSet, type TransferSet } from "../src/psi/ot/transfer-set.ts";
import { postSession } from "../src/session/http-session.ts";
import { SessionHost } from "../src/session/session-host.ts";
import { CONTEXT } from "./psi-ot-sessions.ts";
import { posting, serveSessions } from "./session-network.ts";

const [role = "", count = "", port = ""] = process.argv.slice(2);
const items = Number(count);
/** Entries that are made at once. */
const STEP = 65_536;

/** Some entries, of eighteen characters as identity numbers have, as parts of one text: so they come from a file. */
function namesFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `3301${10_000_000_000_000 + first + i}`)
    .join("\n")
    .split("\n");
}

/** Names of a list of which only they are left. */
function listFrom(first: number): string[] {
  const entries: string[] = Array.from({ length: items });
  for (let at = 0; at < items; at += STEP) {
    for (const [i, name] of namesFrom(first + at, Math.min(STEP, items - at)).entries()) entries[at + i] = name;
  }
  return entries;
}

/** The set's hashes, of which no text is left. */
function hashesOfSet(): TransferSet {
  const digests = new Uint8Array(32 * items);
  for (let at = 0; at < items; at += STEP) {
    digests.set(transferSet(namesFrom(at, Math.min(STEP, items - at))).digests, 32 * at);
  }
  return { count: items, digests };
}

function report(facts: object): void {
  const peakBytes = process.resourceUsage().maxRSS * 1_024;
  process.stdout.write(`${JSON.stringify({ ...facts, peakBytes })}\n`);
}

if (role === "domain") {
  const sender = TransferSender.create({ ...CONTEXT, list: hashesOfSet() });
  const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1 });
  const serving = await serveSessions(host);
  process.stdout.write(`${JSON.stringify({ port: serving.port })}\n`);
  await host.run({ id: CONTEXT.session, role: sender, group: "one" });
  report({});
  host.close();
  await serving.close();
} else {
  const entries = listFrom(items / 2);
  const list = transferSet(entries);
  const receiver = TransferReceiver.create({ ...CONTEXT, list, setItems: padPsiItems(items) });
  const found = (await postSession(receiver, {
    id: CONTEXT.session,
    post: posting(`http://127.0.0.1:${port}/`),
  })) as number[];
  report({ found: found.length, right: found.every((index, i) => index === i), first: entries[found[0] ?? -1] });
}
