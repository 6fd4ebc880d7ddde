/** Vectors of private set intersection: both variants, by the code that they describe, with everything that was drawn.
 *  @module */
import type { KeyPair } from "@sluice/evidence";
import { signDocument } from "@sluice/evidence/sign";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import {
  answerCardinality,
  answerIds,
  derivePsiKey,
  evaluateEntries,
  fitFilter,
  prepareCardinalitySet,
  psiEntry,
  type PsiIdentity,
} from "@sluice/mpc/psi/sender";
import {
  concatBytes,
  countShift,
  decodePsiIdsAnswer,
  documentHash,
  encodePsiIdsAnswer,
  padPsiDelta,
  padPsiItems,
  sha256Hex,
  toHex,
  type Bytes,
  type PsiKind,
  type PsiParameters,
  type PsiSnapshot,
} from "@sluice/protocol";
import { recorded, seeded, type ServedIdentity } from "./wire-seeded.ts";

/** Bytes that become a scalar, or an element, without noticeable bias. */
const UNIFORM_BYTES = 64;
/** Entries of the domain: enough for another padded size than the least. */
const SET = Array.from({ length: 33 }, (_, i) => `person-${String(i).padStart(4, "0")}`);
/** A caller's list; an entry that occurs twice is asked once. */
const LIST = ["person-0007", "不在名单-é", "person-0032", "person-9999", "person-0030", "person-0007", "person-7777"];
/** In no set, and still a hit of the base: one of the uniform keys that fill the filter up is its output here, as it is by chance once in
 *  2^32. Nothing but this list tells it from any other false hit. */
const FALSE_HIT = "person-7777";
/** Noise of the count: the least shift that its ε allows. */
const NOISE = { epsilon: "2", budget: "10", shift: countShift("2") };
/** Dummies of it that match. */
const DUMMY_MATCHES = 9;
const PURPOSE = "medical-aid";
/** What has changed since the base of the set was built. */
const ADDED = ["person-9999"];
const REMOVED = ["person-0032", "person-0001"];

/** One product of each variant, asked once. */
export async function makePsiVectors(served: ServedIdentity, receiptKey: KeyPair) {
  return {
    set: SET,
    added: ADDED,
    removed: REMOVED,
    list: LIST,
    falseHit: FALSE_HIT,
    padding: [0, 1, 16, 17, 20, 31, 32, 33, 41, 64, 65, 100, 1_000, 65_536].map((items) => [items, padPsiItems(items)]),
    ids: await idsVector(served, receiptKey),
    cardinality: await cardinalityVector(served, receiptKey),
  };
}

function identityOf(served: ServedIdentity, kind: PsiKind): PsiIdentity {
  const { domain, version, grant } = served;
  return { kind, domain, product: `insured-${kind.slice(4)}`, version, grant, purpose: PURPOSE, epoch: 1 };
}

async function snapshotOf(
  served: ServedIdentity,
  receiptKey: KeyPair,
  identity: PsiIdentity,
  parameters: PsiParameters,
) {
  const { product, epoch, purpose } = identity;
  const snapshot: PsiSnapshot = { type: "psi-snapshot", ...served, product, purpose, parameters, epoch };
  return {
    snapshot,
    signed: await signDocument(snapshot, receiptKey),
    snapshotHash: await documentHash(snapshot),
  };
}

async function idsVector(served: ServedIdentity, receiptKey: KeyPair) {
  const identity = identityOf(served, "psi-ids");
  const seed = seeded("psi ids key").bytes(32);
  const key = await derivePsiKey(seed, identity);
  const paddedItems = padPsiItems(SET.length);
  const fit = async (entries: readonly string[], items: number) => {
    const keys = await evaluateEntries({ identity, key, entries: entries.map(psiEntry) });
    return await fitFilter({ keys, items }, seeded(`psi ids filter of ${entries.length}`));
  };
  const base = await fit([...SET, FALSE_HIT], paddedItems);
  const shown = padPsiDelta(Math.max(ADDED.length, REMOVED.length), SET.length);
  const added = await fit(ADDED, shown);
  const removed = await fit(REMOVED, shown);
  const delta = concatBytes(added.filter, removed.filter);
  const { snapshot, signed, snapshotHash } = await snapshotOf(served, receiptKey, identity, {
    kind: "psi-ids",
    method: "filter",
    paddedItems,
    oprfPublicKey: toHex(key.publicKey),
    base: base.table,
    delta: { added: added.table, removed: removed.table },
  });
  const random = recorded("psi ids query");
  const receiver = await PsiIdsReceiver.open({ snapshot, snapshotHash, set: base.filter, delta });
  const query = await receiver.start(LIST, { random });
  const call = { identity, snapshot: snapshotHash, frame: query.frame, random: seeded("psi ids nonces") };
  const answer = await answerIds({ ...call, key });
  const other = await answerIds({ ...call, key: await derivePsiKey(seeded("psi other key").bytes(32), identity) });
  const found = await query.finish(answer);
  return {
    snapshot: signed,
    snapshotHash,
    seed: toHex(seed),
    secretKey: toHex(key.secret.reveal()),
    psiFilter: toHex(base.filter),
    psiDelta: toHex(delta),
    drawn: uniformDraws(random.drawn),
    query: toHex(query.frame),
    answer: toHex(answer),
    found,
    refusedAnswers: refusedIdsAnswers(answer, other),
  };
}

/** What was drawn, in pieces of an element's uniform bytes: a client may draw those of many elements at once. */
function uniformDraws(drawn: readonly Bytes[]): string[] {
  const all = concatBytes(...drawn);
  return Array.from({ length: all.length / UNIFORM_BYTES }, (_, i) =>
    toHex(all.subarray(i * UNIFORM_BYTES, (i + 1) * UNIFORM_BYTES)),
  );
}

/** Answers that a client refuses though each decodes. */
function refusedIdsAnswers(answer: Bytes, other: Bytes) {
  const { elements, proofs } = decodePsiIdsAnswer(answer);
  const otherKey = elements.slice();
  otherKey.set(decodePsiIdsAnswer(other).elements.subarray(32, 64), 32);
  const identity = elements.slice();
  identity.fill(0, 32, 64);
  const notCanonical = elements.slice();
  notCanonical.fill(0xff, 64, 96);
  const more = new Uint8Array(20 * 32);
  for (let i = 0; i < 20; i++) more.set(elements.subarray(0, 32), i * 32);
  return [
    { name: "an element that is the identity", code: "ERR_OPRF_ELEMENT", elements: identity },
    { name: "an element that is not canonical", code: "ERR_OPRF_ELEMENT", elements: notCanonical },
    { name: "more elements than were sent", code: "ERR_FRAME_MALFORMED", elements: more },
    { name: "one element under another key", code: "ERR_OPRF_PROOF", elements: otherKey },
  ].map(({ name, code, elements }) => ({ name, code, hex: toHex(encodePsiIdsAnswer({ elements, proofs })) }));
}

async function cardinalityVector(served: ServedIdentity, receiptKey: KeyPair) {
  const identity = identityOf(served, "psi-cardinality");
  const entries = SET.map(psiEntry);
  const set = await prepareCardinalitySet({ identity, entries, random: seeded("psi cardinality set") });
  const { snapshot, signed, snapshotHash } = await snapshotOf(served, receiptKey, identity, {
    kind: "psi-cardinality",
    paddedItems: padPsiItems(SET.length),
    set: await sha256Hex(set),
    noise: NOISE,
  });
  const random = recorded("psi cardinality query");
  const query = await (await PsiCardinalityReceiver.open({ snapshot, snapshotHash })).start(LIST, { random });
  const call = recorded("psi cardinality call");
  const answer = await answerCardinality({
    identity,
    set,
    snapshot: snapshotHash,
    frame: query.frame,
    dummies: { shift: NOISE.shift, matches: DUMMY_MATCHES },
    random: call,
  });
  return {
    snapshot: signed,
    snapshotHash,
    elementsOfSet: toHex(set),
    dummyMatches: DUMMY_MATCHES,
    drawn: random.drawn.map(toHex),
    drawnByDomain: call.drawn.map(toHex),
    query: toHex(query.frame),
    answer: toHex(answer),
    counted: await query.finish(answer),
  };
}
