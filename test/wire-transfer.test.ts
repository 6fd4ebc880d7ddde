/** Calls of many messages and intersection by oblivious transfer: the session of `packages/protocol/vectors/wire-v1.json`, made
 *  again from what both sides drew, with the rules of `docs/wire-transfer.md` and `docs/wire-session.md` alone; and our own
 *  roles against frames that they refuse.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import { TransferSender } from "@sluice/mpc/psi/transfer-sender";
import {
  decodeSessionReply,
  encodeSessionReply,
  fromHex,
  isSluiceError,
  type Bytes,
  type Session,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { ROOT } from "./source-files.ts";
import { checkForm, paddedSize } from "./wire-form-rules.ts";
import { documentHash, isSignedBy, openGcm, queryContext, sha256 } from "./wire-rules.ts";
import { seeded } from "./wire-seeded.ts";
import { documentedStructs, snapshotMembers, wirePages, type Fields } from "./wire-structs.ts";
import {
  add,
  answer,
  big,
  bit,
  choose,
  chosenKey,
  codeWord,
  combinations,
  entryOf,
  keystream,
  nameOf,
  rowsOf,
  sizesOf,
  sumOf,
  tagOfValue,
  transposed,
  TRANSFERS,
} from "./wire-transfer-rules.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";
import type { makeWireVectors } from "./wire-vectors.ts";

type Vectors = Awaited<ReturnType<typeof makeWireVectors>>;
const vectors = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as Vectors;
const { transfer, keys } = vectors;
const structs = documentedStructs();
const bytesOf = (hex: string): Buffer => Buffer.from(hex, "hex");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const read = (struct: string, bytes: Uint8Array): Fields => {
  const fields = structs.decode(struct, bytes);
  checkForm(struct, fields);
  return fields;
};
const items = { caller: paddedSize(Math.max(transfer.list.length, 1_024)), domain: paddedSize(transfer.set.length) };
const head = (type: number, ...rest: Uint8Array[]): Buffer => Buffer.concat([big(1, 2), Buffer.of(type), ...rest]);

/** Bytes of a stream, one part after another. */
function drawing(label: string): (length: number) => Buffer {
  const stream = keystream(sha256(label), 2 ** 17);
  let at = 0;
  return (length) => stream.subarray(at, (at += length));
}

/** The session until the base transfers are answered. */
function begin() {
  const [caller, domain] = [drawing(transfer.randomness.caller), drawing(transfer.randomness.domain)];
  const [opening] = [caller(32), caller(32)];
  const [nonce] = [domain(32), domain(32)];
  const s = domain(78);
  const snapshot = bytesOf(transfer.snapshotHash);
  const open = head(1, snapshot, sha256("sluice/psi/ot/commit/v1", opening), big(items.caller, 4));
  const fixed = [sha256(bytesOf(transfer.call)), snapshot, sha256(transfer.purpose), sha256(open), nonce];
  const binding = sha256("sluice/psi/ot/session/v1", ...fixed, big(items.domain, 4));
  const seed = sha256("sluice/psi/ot/seed/v1", binding, opening);
  const session = nameOf(binding);
  const chosen = Array.from({ length: TRANSFERS }, (_, i) => {
    const scalar = domain(64);
    return { scalar, pair: choose(binding, i, bit(s, i), scalar, domain(64)) };
  });
  const answered = chosen.map(({ pair }, i) => answer(binding, i, pair, caller(64)));
  const frames = [
    open,
    head(2, session, nonce, big(items.domain, 4), ...chosen.map(({ pair }) => pair)),
    head(3, session, opening, ...answered.map(({ sent }) => sent)),
  ];
  return { s, binding, seed, session, chosen, answered, frames };
}

const begun = begin();

test("the snapshot is of this method, signed and named", () => {
  const { snapshot, snapshotHash } = transfer;
  expect(isSignedBy(snapshot, keys["receipt"]?.id ?? "")).toBe(true);
  expect(documentHash(snapshot.body)).toBe(snapshotHash);
  expect(Object.keys(snapshot.body).toSorted()).toEqual(snapshotMembers("Snapshot of a set"));
  expect(snapshot.body.parameters).toEqual({ kind: "psi-ids", method: "transfer", paddedItems: items.domain });
});

test("the base transfers follow from what both sides drew, and the domain has the key of each that it chose", () => {
  const { s, binding, seed, session, chosen, answered, frames } = begun;
  expect([hex(binding), hex(seed), hex(session)]).toEqual([transfer.binding, transfer.seed, transfer.session]);
  for (const [i, { pair, answer: sent }] of transfer.transfers.entries()) {
    expect([hex(chosen[i]?.pair ?? s), hex(answered[i]?.sent ?? s)]).toEqual([pair, sent]);
  }
  for (const [i, frame] of frames.entries()) expect(shown(frame)).toEqual(transfer.frames[i]);
  for (let i = 0; i < TRANSFERS; i += 13) {
    const [own = { scalar: s, pair: s }, theirs = { sent: s, keys: [s, s] }] = [chosen[i], answered[i]];
    const key = chosenKey(binding, i, bit(s, i), own.scalar, own.pair, theirs.sent);
    expect(theirs.keys.map((each) => each.equals(key))).toEqual([bit(s, i) === 0, bit(s, i) === 1]);
  }
});

function shown(frame: Buffer) {
  const struct = `PsiTransfer${["Open", "Choices", "Answers", "Rows", "Check", "Tags"][(frame[2] ?? 0) - 1] ?? ""}`;
  read(struct, frame);
  const from = [2, 6].includes(frame[2] ?? 0) ? "domain" : "caller";
  return { from, struct, bytes: frame.length, sha256: hex(sha256(frame)), start: hex(frame.subarray(0, 96)) };
}

test("rows, check and tags follow from the keys, the store and the entries, and the tags give the intersection", () => {
  const { s, seed, session, answered, frames } = begun;
  const sizes = sizesOf(items.caller);
  const { matrixRows, rows: store } = sizes;
  expect(sizes).toEqual(transfer.sizes);
  const messages = Array.from({ length: matrixRows }, (_, r) =>
    Buffer.concat([bytesOf(transfer.messages).subarray(17 * r, 17 * r + 17), Buffer.alloc(17)]).subarray(0, 17),
  );
  expect(transfer.messages).toHaveLength(2 * 17 * (store + 128));
  const listed = transfer.list.map((entry) => entryOf(entry, seed));
  for (const [i, { hash, message, key }] of listed.entries()) {
    expect(transfer.entries[i]).toEqual({ entry: transfer.list[i], hash: hex(hash) });
    expect(hex(sumOf(messages, rowsOf(key, seed, sizes)))).toBe(hex(message));
  }

  const words = transposed(messages.map(codeWord), TRANSFERS);
  const streams = answered.map((each) => each.keys.map((key) => keystream(key, matrixRows / 8)));
  const columns = words.map((word, i) => {
    const column = Buffer.from(word);
    for (const stream of streams[i] ?? []) add(column, stream);
    return column;
  });
  const place = [session, big(0, 4), big(0, 2), big(TRANSFERS, 2), big(matrixRows / 8, 4)];
  const rowsFrame = head(4, ...place, ...columns);
  expect(shown(rowsFrame)).toEqual(transfer.frames[3]);

  let heard: Buffer = Buffer.alloc(32);
  for (const frame of [...frames, rowsFrame]) heard = sha256("sluice/psi/ot/next/v1", heard, sha256(frame));
  const own = transposed(
    streams.map(([first]) => first ?? s),
    matrixRows,
  );
  const sums = combinations(own, store, heard);
  const opened = combinations(messages, store, heard);
  expect(shown(head(5, session, big(0, 4), ...sums, ...opened))).toEqual(transfer.frames[4]);

  const held = transposed(
    streams.map((pair, i) => {
      const column = Buffer.from(pair[bit(s, i)] ?? s);
      if (bit(s, i) === 1) add(column, columns[i] ?? s);
      return column;
    }),
    matrixRows,
  );
  const chosenBits = (message: Buffer): Buffer => Buffer.from(codeWord(message).map((byte, i) => byte & (s[i] ?? 0)));
  for (const [l, sum] of combinations(held, store, heard).entries()) {
    add(sum, chosenBits(opened[l] ?? s));
    expect(hex(sum)).toBe(hex(sums[l] ?? s));
  }

  const tagsFrame = bytesOf(transfer.tags);
  expect(shown(tagsFrame)).toEqual(transfer.frames[5]);
  const sent = read("PsiTransferTags", tagsFrame);
  expect(sent).toMatchObject({ session: hex(session), bin: 0, first: 0, count: items.domain });
  const tags = (sent["tags"] as { bytes: string }[]).map(({ bytes }) => bytes);
  for (const entry of transfer.set) {
    const { hash, message, key } = entryOf(entry, seed);
    const value = sumOf(held, rowsOf(key, seed, sizes));
    add(value, chosenBits(message));
    expect(tags).toContain(tagOfValue(hash, value));
  }
  const found = listed.flatMap(({ hash, key }, i) =>
    tags.includes(tagOfValue(hash, sumOf(own, rowsOf(key, seed, sizes)))) ? [i] : [],
  );
  expect(found).toEqual(transfer.found);
  expect(found).toEqual(transfer.list.flatMap((entry, i) => (transfer.set.includes(entry) ? [i] : [])));
});

test("the summary counts the frames of both sides, and its digest is over all of them", () => {
  const of = (side: string) => transfer.frames.filter(({ from }) => from === side);
  const chain = (side: string): Buffer =>
    of(side).reduce<Buffer>((value, frame) => sha256(value, bytesOf(frame.sha256)), Buffer.alloc(32));
  expect(read("SessionSummary", bytesOf(transfer.summary))).toEqual({
    version: 1,
    items: items.caller,
    callerBytes: of("caller").reduce((sum, { bytes }) => sum + bytes, 0),
    domainBytes: of("domain").reduce((sum, { bytes }) => sum + bytes, 0),
    digest: hex(sha256("sluice/session/digest/v1", chain("caller"), chain("domain"))),
  });
});

test("messages are sealed under keys of the opening's context, each way its own, and by their numbers", () => {
  const { query, sealingContext, message, reply, packets } = transfer.sealed;
  const secret = (name: string): Buffer => bytesOf(keys[name]?.secret ?? "");
  const publicKey = (name: string): Buffer => Buffer.from(keys[name]?.id.split(":")[1] ?? "", "base64url");
  const sealed = structs.decode("SealedQuery", bytesOf(query));
  const context = queryContext(secret("ephemeral"), publicKey("seal"), publicKey("ephemeral"), publicKey("seal"));
  const opening = openGcm(
    context.key,
    context.nonce,
    bytesOf(String(sealed["ciphertext"])),
    Buffer.from(sealingContext),
  );
  expect(read("SessionOpening", opening ?? Buffer.alloc(0))).toEqual({
    version: 1,
    snapshot: transfer.snapshotHash,
    items: items.caller,
  });
  const sent = read("SessionMessage", bytesOf(message));
  const replied = read("SessionReply", bytesOf(reply));
  expect([sent["number"], replied["answer"]]).toEqual([0, ""]);
  const open = (side: string, number: number, bytes: unknown) =>
    openGcm(context.exportSecret(`sluice/session/v1/${side}`, 32), nonceOf(number), bytesOf(String(bytes)));
  expect(hex(open("caller", 0, sent["sealed"]) ?? Buffer.alloc(0))).toBe(packets.message);
  expect(hex(open("domain", 0, replied["sealed"]) ?? Buffer.alloc(0))).toBe(packets.reply);
  expect(open("domain", 0, sent["sealed"])).toBeNull();
  expect(open("caller", 1, sent["sealed"])).toBeNull();
  const packet = { version: 1, session: transfer.call, state: 0, room: 8, first: 0 };
  const [first] = begun.frames;
  expect(read("SessionPacket", bytesOf(packets.message))).toEqual({
    ...packet,
    next: 0,
    count: 1,
    frames: [{ bytes: hex(first ?? Buffer.alloc(0)) }],
  });
  expect(read("SessionPacket", bytesOf(packets.reply))).toEqual({ ...packet, next: 1, count: 0, frames: [] });
});

/** The nonce of a number. */
function nonceOf(number: number): Buffer {
  return Buffer.concat([Buffer.alloc(8), big(number, 4)]);
}

/** Our roles from the vectors' seeds. */
function rolesOfVectors(): Record<"caller" | "domain", Session> {
  const context = { session: fromHex(transfer.call), snapshot: transfer.snapshotHash, purpose: transfer.purpose };
  const random = { caller: seeded(transfer.randomness.caller), domain: seeded(transfer.randomness.domain) };
  const caller = { ...context, list: transferSet(transfer.list), setItems: items.domain, random: random.caller };
  const domain = { ...context, list: transferSet(transfer.set), random: random.domain };
  return { caller: TransferReceiver.create(caller), domain: TransferSender.create(domain) };
}

/** Frames that a role gives until it waits or has ended. */
async function said(role: Session, frame?: Bytes): Promise<Bytes[]> {
  const frames: Bytes[] = [];
  for (let next = frame; ; next = undefined) {
    const given = await role.step(next);
    frames.push(...given.send);
    if ("done" in given || given.send.length === 0) return frames;
  }
}

const otherOf = { caller: "domain", domain: "caller" } as const;

/** Every frame of the session, in order. */
async function sentFrames(): Promise<{ from: "caller" | "domain"; frame: Bytes }[]> {
  const roles = rolesOfVectors();
  const sent = (await said(roles.caller)).map((frame) => ({ from: "caller" as "caller" | "domain", frame }));
  for (const { from, frame } of sent) {
    const to = otherOf[from];
    for (const answer of await said(roles[to], frame)) sent.push({ from: to, frame: answer });
  }
  return sent;
}

test("our roles send the frames of the vectors, and refuse changed ones by their codes", async () => {
  const sent = await sentFrames();
  expect(sent.map(({ frame }) => hex(sha256(frame)))).toEqual(transfer.frames.map(({ sha256: hash }) => hash));
  for (const { name, to, frame: number, at, bits, code } of transfer.refusedFrames) {
    const { from, frame } = sent[number] ?? { from: "", frame: new Uint8Array() };
    expect(from, name).not.toBe(to);
    const role = rolesOfVectors()[to];
    if (to === "caller") await said(role);
    for (const before of sent.slice(0, number)) if (before.from !== to) await said(role, before.frame);
    const changed = frame.map((byte, place) => (place === at ? byte ^ bits : byte));
    const refused: unknown = await role.step(changed).catch((error: unknown) => error);
    expect(isSluiceError(refused) ? refused.code : refused, name).toBe(code);
  }
  expect(new Set(transfer.refusedFrames.map(({ code }) => code)).size).toBe(4);
});

test("a reply with its receipt is written as it was read", () => {
  const { hex: reply = "" } = vectors.structs.find(({ struct }) => struct === "SessionReply") ?? {};
  const decoded = decodeSessionReply(fromHex(reply));
  expect(decoded.answer).not.toBeNull();
  expect(hex(encodeSessionReply(decoded))).toBe(reply);
});

test("the page names the limits that are in force", () => {
  const pages = wirePages().join("\n");
  for (const number of [10_485_760, 1_048_576]) expect(pages).toContain(number.toLocaleString("en"));
  expect(structs.names.filter((name) => name.startsWith("PsiTransfer"))).toHaveLength(6);
});
