/** A list of 10,000 entries against a set of three million, both parties one after the other in one thread of a process of its own:
 *  `unbalanced-main.ts fit FOLDER` makes the filter of the set, `ask FOLDER` measures the online phases against it, `set-up` measures what a domain
 *  does for each entry of a set. Each prints one line of JSON.
 *
 *  Half of the list is in the set. The set's other keys are uniform bytes, which is what outputs of the OPRF are to whoever has not
 *  evaluated the entries: to evaluate three million would take minutes and change neither the size nor the layout of the filter.
 *  @module */
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  answerIds,
  derivePsiKey,
  evaluateEntries,
  FILTER_KEY_BYTES,
  fitFilter,
  psiEntry,
  type PsiIdentity,
} from "@sluice/mpc/psi/sender";
import {
  concatBytes,
  documentHash,
  padPsiItems,
  PsiFilterTable,
  toHex,
  type PsiSnapshot,
  type Random,
} from "@sluice/protocol";
import { randomFillSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LIST_ITEMS = 10_000;
const SET_ITEMS = 3_000_000;
const SET_UP_ITEMS = 2 ** 16;
const HASH = "ab".repeat(32);
const random: Random = { bytes: (length) => randomFillSync(new Uint8Array(length)) };

const IDENTITY = {
  domain: "health",
  product: "insured-list",
  version: 1,
  grant: HASH,
  purpose: "medical-aid",
  epoch: 1,
};
const identity: PsiIdentity = { kind: "psi-ids", ...IDENTITY };
const key = await derivePsiKey(new Uint8Array(32).fill(7), identity);
const list = Array.from({ length: LIST_ITEMS }, (_, i) => `person-${i}`);
const members = list.filter((_, i) => i % 2 === 1);

function cpuMicros(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

async function fit(folder: string): Promise<object> {
  const known = await evaluateEntries({ identity, key, entries: members.map(psiEntry) });
  const keys = concatBytes(known, random.bytes((SET_ITEMS - members.length) * FILTER_KEY_BYTES));
  const { table, filter } = await fitFilter({ keys, items: padPsiItems(SET_ITEMS) }, random);
  await writeFile(join(folder, "filter"), filter);
  await writeFile(join(folder, "table.json"), JSON.stringify(table));
  return { bytes: filter.length };
}

async function ask(folder: string): Promise<object> {
  const base = PsiFilterTable.parse(JSON.parse(await readFile(join(folder, "table.json"), "utf8")));
  const set = new Uint8Array(await readFile(join(folder, "filter")));
  const paddedItems = padPsiItems(SET_ITEMS);
  const snapshot: PsiSnapshot = {
    type: "psi-snapshot",
    ...IDENTITY,
    bundle: HASH,
    release: HASH,
    parameters: { kind: "psi-ids", method: "filter", paddedItems, oprfPublicKey: toHex(key.publicKey), base },
    sealKey: `x25519:${"A".repeat(43)}`,
    at: "2026-01-01T00:00:00.000Z",
  };
  const snapshotHash = await documentHash(snapshot);
  const receiver = await PsiIdsReceiver.open({ snapshot, snapshotHash, set });
  const started = process.cpuUsage();
  const query = await receiver.start(list);
  const blindMicros = cpuMicros(started);
  const sent = process.cpuUsage();
  const answer = await answerIds({ identity, key, snapshot: snapshotHash, frame: query.frame });
  const domainMicros = cpuMicros(sent);
  const answered = process.cpuUsage();
  const found = await query.finish(answer);
  const callerMicros = blindMicros + cpuMicros(answered);
  // The filter may add one of 2^32.
  if (found.join() !== members.join()) throw new Error("the intersection is wrong");
  const peakBytes = process.resourceUsage().maxRSS * 1_024;
  return { callerMicros, domainMicros, bytes: query.frame.length + answer.length, peakBytes };
}

async function setUp(): Promise<object> {
  const entries = Array.from({ length: SET_UP_ITEMS }, (_, i) => psiEntry(`member-${i}`));
  const started = process.cpuUsage();
  const keys = await evaluateEntries({ identity, key, entries });
  await fitFilter({ keys, items: padPsiItems(SET_UP_ITEMS) }, random);
  return { micros: cpuMicros(started) };
}

const [task, folder = ""] = process.argv.slice(2);
console.log(JSON.stringify(await (task === "fit" ? fit(folder) : task === "ask" ? ask(folder) : setUp())));
