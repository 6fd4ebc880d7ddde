/** One count of half of 2^16 entries in a process of its own, both parties one after the other in one thread. Prints what it took as
 *  one line of JSON.
 *  @module */
import { PsiCardinalityReceiver } from "@sluice/mpc/psi/receiver";
import { answerCardinality, prepareCardinalitySet, psiEntry, psiIdentity } from "@sluice/mpc/psi/sender";
import { countShift, documentHash, padPsiItems, sha256Hex, type PsiSnapshot } from "@sluice/protocol";

const ITEMS = 2 ** 16;
const HASH = "ab".repeat(32);
const NOISE = { epsilon: "0.5", budget: "5", shift: countShift("0.5") };

const set = Array.from({ length: ITEMS }, (_, i) => `person-${i}`);
const list = Array.from({ length: ITEMS }, (_, i) => `person-${i + ITEMS / 2}`);
const before = process.cpuUsage();
const snapshot: PsiSnapshot = {
  type: "psi-snapshot",
  domain: "health",
  product: "insured-list",
  version: 1,
  grant: HASH,
  purpose: "medical-aid",
  bundle: HASH,
  release: HASH,
  parameters: { kind: "psi-cardinality", paddedItems: padPsiItems(ITEMS), set: HASH, noise: NOISE },
  epoch: 1,
  sealKey: `x25519:${"A".repeat(43)}`,
  at: "2026-01-01T00:00:00.000Z",
};
const identity = psiIdentity(snapshot);
const elements = await prepareCardinalitySet({ identity, entries: set.map(psiEntry) });
await sha256Hex(elements);
const prepared = process.cpuUsage(before);
const snapshotHash = await documentHash(snapshot);
const query = await (await PsiCardinalityReceiver.open({ snapshot, snapshotHash })).start(list);
const dummies = { shift: NOISE.shift, matches: NOISE.shift };
const answer = await answerCardinality({
  identity,
  set: elements,
  snapshot: snapshotHash,
  frame: query.frame,
  dummies,
});
const { count } = await query.finish(answer);
const { user, system } = process.cpuUsage(before);
if (count !== ITEMS / 2) throw new Error(`counted ${count}`);
console.log(
  JSON.stringify({
    items: ITEMS,
    cpuMicros: user + system,
    setupMicros: prepared.user + prepared.system,
    bytes: query.frame.length + answer.length,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  }),
);
