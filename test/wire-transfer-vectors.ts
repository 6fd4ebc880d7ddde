/** A whole session of intersection by oblivious transfer, by the code that it describes: both roles' randomness is a stream under a
 *  label, so that every frame can be made again; long frames are there by their hashes, and every step between.
 *  @module */
import type { KeyPair } from "@sluice/evidence";
import type { SessionSeal } from "@sluice/evidence/seal";
import { signDocument } from "@sluice/evidence/sign";
import { MeasuredSession } from "@sluice/mpc/session/client";
import { TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import { TransferSender } from "@sluice/mpc/psi/transfer-sender";
import {
  concatBytes,
  decodePsiTransferAnswers,
  decodePsiTransferChoices,
  documentHash,
  encodeSessionMessage,
  encodeSessionOpening,
  encodeSessionPacket,
  encodeSessionReply,
  encodeSessionSummary,
  fromHex,
  padPsiItems,
  padPsiTransferList,
  PSI_TRANSFER_CHECKS,
  sealingContext,
  sha256Hex,
  toHex,
  type Bytes,
  type PsiSnapshot,
  type Session,
  type SessionPacket,
} from "@sluice/protocol";
import { agree } from "../packages/mpc/src/psi/ot/agreement.ts";
import { heard, sessionBinding } from "../packages/mpc/src/psi/ot/binding.ts";
import { keysOf, messagesOf } from "../packages/mpc/src/psi/ot/items.ts";
import { binRandomness } from "../packages/mpc/src/psi/ot/bin-randomness.ts";
import { storeSeed } from "../packages/mpc/src/psi/ot/transfer-bin.ts";
import { encodeOkvs } from "../packages/mpc/src/psi/okvs/encode.ts";
import { recorded, type ServedIdentity } from "./wire-seeded.ts";

/** Of another padded size than the list. */
const SET = Array.from({ length: 18 }, (_, i) => `person-${String(i).padStart(4, "0")}`);
const LIST = ["person-0007", "不在名单-é", "person-0017", "person-9999", "person-0000"];
const PURPOSE = "medical-aid";
const CALL = "000102030405060708090a0b0c0d0e0f";
/** Labels of the streams that the roles draw from. */
const LABELS = { caller: "transfer caller", domain: "transfer domain" };
/** Transfers that are shown; of the others there are hashes. */
const SHOWN_TRANSFERS = 4;

/** Opens a session by a sealed query: its bytes, and both ends. */
export type OpenSealed = (
  plaintext: Bytes,
  context: Bytes,
) => Promise<{ frame: Bytes; caller: SessionSeal; domain: SessionSeal }>;

/** One session, its first messages sealed, and frames that a role refuses. */
export async function makeTransferVectors(served: ServedIdentity, receiptKey: KeyPair, openSealed: OpenSealed) {
  const setItems = padPsiItems(SET.length);
  const snapshot: PsiSnapshot = {
    type: "psi-snapshot",
    ...served,
    product: "insured-ids",
    purpose: PURPOSE,
    parameters: { kind: "psi-ids", method: "transfer", paddedItems: setItems },
    epoch: 1,
  };
  const snapshotHash = await documentHash(snapshot);
  const context = { session: fromHex(CALL), snapshot: snapshotHash, purpose: PURPOSE };
  const drawn = { caller: recorded(LABELS.caller), domain: recorded(LABELS.domain) };
  const list = transferSet(LIST);
  const receiver = TransferReceiver.create({ ...context, list, setItems, random: drawn.caller });
  const sender = TransferSender.create({ ...context, list: transferSet(SET), random: drawn.domain });
  const measured = new MeasuredSession(receiver, "caller", () => Promise.resolve());
  const { frames, found } = await run(measured, sender);
  const [open = NONE, choices = NONE, answers = NONE] = frames.map(({ frame }) => frame);
  const { nonce, pairs } = decodePsiTransferChoices(choices);
  const { opening, answers: elements } = decodePsiTransferAnswers(answers);
  const binding = sessionBinding(context, open, nonce, setItems);
  const agreed = agree(binding, opening, { caller: padPsiTransferList(LIST.length), domain: setItems }, "caller", list);
  const before = await heard(new Uint8Array(32), open, choices, answers);
  const { sentBytes: callerBytes, receivedBytes: domainBytes, digest } = await measured.totals();
  const sum = { items: padPsiTransferList(LIST.length), callerBytes, domainBytes, digest };
  return {
    snapshot: await signDocument(snapshot, receiptKey),
    snapshotHash,
    call: CALL,
    purpose: PURPOSE,
    set: SET,
    list: LIST,
    randomness: LABELS,
    binding: toHex(binding),
    session: toHex(agreed.name),
    seed: toHex(agreed.seed),
    sizes: { bins: agreed.geometry.bins, ...agreed.geometry.shape, matrixRows: agreed.geometry.rows },
    transfers: Array.from({ length: SHOWN_TRANSFERS }, (_, i) => ({
      pair: toHex(pairs.subarray(64 * i, 64 * (i + 1))),
      answer: toHex(elements.subarray(32 * i, 32 * (i + 1))),
    })),
    messages: toHex(await rowMessages(agreed, drawn.caller.drawn[1] ?? NONE, before)),
    entries: LIST.map((entry, i) => ({ entry, hash: toHex(agreed.hashes.subarray(32 * i, 32 * (i + 1))) })),
    frames: await Promise.all(
      frames.map(async ({ from, struct, frame }) => ({
        from,
        struct,
        bytes: frame.length,
        sha256: await sha256Hex(frame),
        start: toHex(frame.subarray(0, SHOWN_BYTES)),
      })),
    ),
    tags: toHex(frames.at(-1)?.frame ?? NONE),
    found,
    summary: toHex(encodeSessionSummary(sum)),
    refusedFrames: REFUSED,
    sealed: await sealedMessages(openSealed, snapshot, open),
  };
}

const NONE: Bytes = new Uint8Array();
const SHOWN_BYTES = 96;

/** A byte of a frame, by its number among all, to which bits are added; and the code by which `to` refuses it. */
const REFUSED = [
  { name: "another snapshot", to: "domain", frame: 0, at: 3, bits: 1, code: "ERR_SNAPSHOT" },
  { name: "a set of another size", to: "caller", frame: 1, at: 54, bits: 12, code: "ERR_PSI_SESSION" },
  { name: "choices of another session", to: "caller", frame: 1, at: 3, bits: 1, code: "ERR_PSI_SESSION" },
  {
    name: "another nonce than the session's name is of",
    to: "caller",
    frame: 1,
    at: 20,
    bits: 1,
    code: "ERR_PSI_SESSION",
  },
  {
    name: "an element that is not canonical",
    to: "caller",
    frame: 1,
    at: 55 + 31,
    bits: 128,
    code: "ERR_OPRF_ELEMENT",
  },
  { name: "another opening than was committed to", to: "domain", frame: 2, at: 19, bits: 1, code: "ERR_PSI_SESSION" },
  { name: "an answer that is not canonical", to: "domain", frame: 2, at: 51 + 31, bits: 128, code: "ERR_OPRF_ELEMENT" },
  { name: "rows of another bin", to: "domain", frame: 3, at: 22, bits: 1, code: "ERR_PSI_SESSION" },
  { name: "a bit of a sum", to: "domain", frame: 4, at: 23, bits: 1, code: "ERR_PSI_CHECK" },
  { name: "a bit of a sum's message", to: "domain", frame: 4, at: 23 + 9_984, bits: 1, code: "ERR_PSI_CHECK" },
  {
    name: "a bit above the last of a message",
    to: "domain",
    frame: 4,
    at: 23 + 9_984 + 16,
    bits: 16,
    code: "ERR_PSI_CHECK",
  },
  { name: "tags of another bin", to: "caller", frame: 5, at: 22, bits: 1, code: "ERR_PSI_SESSION" },
  { name: "tags from the second on", to: "caller", frame: 5, at: 26, bits: 1, code: "ERR_PSI_SESSION" },
] as const;

const STRUCTS = ["Open", "Choices", "Answers", "Rows", "Check", "Tags"].map((name) => `PsiTransfer${name}`);

/** All frames, in order. */
async function run(receiver: Session, sender: Session) {
  const frames: { from: "caller" | "domain"; struct: string; frame: Bytes }[] = [];
  const waiting: { to: Session; frame?: Bytes }[] = [{ to: receiver }];
  let found: unknown;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { to } = next;
    const from = to === receiver ? "caller" : "domain";
    for (let step = await to.step(next.frame); ; step = await to.step()) {
      for (const frame of step.send) {
        frames.push({ from, struct: STRUCTS[(frame[2] ?? 0) - 1] ?? "", frame });
        waiting.push({ to: to === receiver ? sender : receiver, frame });
      }
      if (from === "caller" && "done" in step) found = step.done;
      if ("done" in step || step.send.length === 0) break;
    }
  }
  return { frames, found };
}

/** The messages of the rows that the caller drew. */
async function rowMessages(
  { geometry, seed, hashes }: ReturnType<typeof agree>,
  secret: Bytes,
  transcript: Bytes,
): Promise<Bytes> {
  const { shape } = geometry;
  const random = await binRandomness({ secret, transcript, bin: 0 }, "rows", (shape.rows + PSI_TRANSFER_CHECKS) * 17);
  const entries = { keys: keysOf(hashes), values: messagesOf(hashes), valueBytes: 17 };
  const store = encodeOkvs({ shape, seed: storeSeed(seed), ...entries, random });
  const messages = concatBytes(store, random.bytes(PSI_TRANSFER_CHECKS * 17));
  return messages.map((byte, i) => (i % 17 === 16 ? byte & 15 : byte));
}

/** The opening, the caller's first message with its first frame, and a reply without one. */
async function sealedMessages(openSealed: OpenSealed, snapshot: PsiSnapshot, frame: Bytes) {
  const hash = fromHex(await documentHash(snapshot));
  const opening = encodeSessionOpening({ snapshot: hash, items: padPsiTransferList(LIST.length) });
  const { domain: name, grant, product, version, bundle } = snapshot;
  const use = { operation: "psi.ids", domain: name, grant, product, version, bundle, callId: CALL } as const;
  const context = sealingContext(use);
  const { frame: query, caller, domain } = await openSealed(opening, context);
  const packet = (more: Partial<SessionPacket>): Bytes =>
    encodeSessionPacket({ session: fromHex(CALL), state: "open", next: 0, room: 8, frames: [], ...more });
  const [sent, replied] = [packet({ frames: [{ number: 0, frame }] }), packet({ next: 1 })];
  const message = encodeSessionMessage({ number: 0, sealed: await caller.seal(0, sent) });
  const reply = encodeSessionReply({ sealed: await domain.seal(0, replied), answer: null });
  return {
    query: toHex(query),
    sealingContext: new TextDecoder().decode(context),
    message: toHex(message),
    reply: toHex(reply),
    packets: { message: toHex(sent), reply: toHex(replied) },
  };
}
