import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { x25519 } from "@noble/curves/ed25519.js";
import {
  decodeSealedAnswer,
  decodeSealedQuery,
  encodeSealedAnswer,
  encodeSealedQuery,
  fromBase64url,
  MAX_SEALED_CONTENT_BYTES,
  utf8,
  type Random,
} from "@sluice/protocol";
import fc from "fast-check";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { openQuery, restoreQuery, SealKeyPair, sealQuery } from "../src/seal.ts";

const random: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
const secret = new Uint8Array(32).fill(7);
const pair = await SealKeyPair.derive(secret);
const context = utf8("this call");
const code = (name: string) => expect.objectContaining({ code: name });

test("what is sealed opens, there and back, for contents of any length", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.uint8Array({ maxLength: 2_000 }),
      async (question, reply) => {
        const sent = await sealQuery(pair.sealKey, question, context);
        const opened = await openQuery(pair, sent.frame, context);
        expect(opened.content).toEqual(question);
        expect(await sent.openAnswer(await opened.sealAnswer(reply, random))).toEqual(reply);
      },
    ),
    { numRuns: 30 },
  );
});

test("another implementation of RFC 9180 opens the query and derives the same key", async () => {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const publicKey = x25519.getPublicKey(secret);
  expect(publicKey).toEqual(fromBase64url(pair.sealKey.slice("x25519:".length)));
  const { encapsulatedKey, ciphertext } = decodeSealedQuery(
    (await sealQuery(pair.sealKey, utf8("question"), context)).frame,
  );
  const recipient = await suite.createRecipientContext({
    recipientKey: {
      privateKey: await suite.kem.deserializePrivateKey(secret),
      publicKey: await suite.kem.deserializePublicKey(publicKey),
    },
    enc: encapsulatedKey.slice().buffer,
    info: utf8("sluice/query/v1").slice().buffer,
  });
  const opened = await recipient.open(ciphertext.slice().buffer, context.slice().buffer);
  expect(new TextDecoder().decode(opened)).toBe("question");
});

test("a query for another call, to another key, or with one bit changed does not open", async () => {
  const { frame } = await sealQuery(pair.sealKey, utf8("question"), context);
  await expect(openQuery(pair, frame, utf8("another call"))).rejects.toEqual(code("ERR_SEAL"));
  await expect(openQuery(await SealKeyPair.derive(random.bytes(32)), frame, context)).rejects.toEqual(code("ERR_SEAL"));
  for (let bit = 16; bit < frame.length * 8; bit += 37) {
    const changed = new Uint8Array(frame);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await expect(openQuery(pair, changed, context)).rejects.toEqual(code("ERR_SEAL"));
  }
});

test("an encapsulated key of small order is refused", async () => {
  const frame = encodeSealedQuery({ encapsulatedKey: new Uint8Array(32), ciphertext: new Uint8Array(32) });
  await expect(openQuery(pair, frame, context)).rejects.toEqual(code("ERR_SEAL"));
});

test("an answer of another query, or with one bit changed, does not open", async () => {
  const [one, other] = await Promise.all([
    sealQuery(pair.sealKey, utf8("q"), context),
    sealQuery(pair.sealKey, utf8("q"), context),
  ]);
  const answer = await (await openQuery(pair, one.frame, context)).sealAnswer(utf8("reply"), random);
  await expect(other.openAnswer(answer)).rejects.toEqual(code("ERR_ANSWER_ALTERED"));
  for (let bit = 16; bit < answer.length * 8; bit += 29) {
    const changed = new Uint8Array(answer);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    await expect(one.openAnswer(changed)).rejects.toEqual(code("ERR_ANSWER_ALTERED"));
  }
});

test("two answers to one query have nothing in common but their length", async () => {
  const sent = await sealQuery(pair.sealKey, utf8("q"), context);
  const opened = await openQuery(pair, sent.frame, context);
  const [a, b] = [
    await opened.sealAnswer(new Uint8Array(64), random),
    await opened.sealAnswer(new Uint8Array(64), random),
  ];
  expect(a.length).toBe(b.length);
  expect(decodeSealedAnswer(a).ciphertext).not.toEqual(decodeSealedAnswer(b).ciphertext);
});

test("codecs round-trip, and refuse what is short or of another version", () => {
  const query = { encapsulatedKey: random.bytes(32), ciphertext: random.bytes(20) };
  expect(decodeSealedQuery(encodeSealedQuery(query))).toEqual(query);
  const answer = { nonce: random.bytes(32), ciphertext: random.bytes(20) };
  expect(decodeSealedAnswer(encodeSealedAnswer(answer))).toEqual(answer);
  for (const decode of [decodeSealedQuery, decodeSealedAnswer]) {
    expect(() => decode(new Uint8Array(10))).toThrow(code("ERR_FRAME_MALFORMED"));
    expect(() => decode(Uint8Array.of(0, 9, ...random.bytes(64)))).toThrow(code("ERR_FRAME_MALFORMED"));
  }
});

test("refuses what would not fit a frame, and a key that is none", async () => {
  await expect(sealQuery(pair.sealKey, new Uint8Array(MAX_SEALED_CONTENT_BYTES + 1), context)).rejects.toEqual(
    code("ERR_FRAME_TOO_LARGE"),
  );
  await expect(sealQuery("x25519:short", utf8("q"), context)).rejects.toEqual(code("ERR_RECEIPT"));
});

test("prints as its public id", () => {
  expect([String(pair), JSON.stringify(pair), inspect(pair)].every((text) => text.includes(pair.sealKey))).toBe(true);
  expect(inspect(pair, { depth: 5 })).not.toContain("CryptoKey");
});

test("messages of a session open at the other end, under their number and at no other session's end", async () => {
  const sent = await sealQuery(pair.sealKey, utf8("opening"), context);
  const caller = await sent.session();
  const domain = await (await openQuery(pair, sent.frame, context)).session();
  for (const number of [0, 1, 7, 2 ** 32 - 1]) {
    const question = await caller.seal(number, utf8(`question ${number}`));
    expect(await domain.open(number, question)).toEqual(utf8(`question ${number}`));
    const answer = await domain.seal(number, utf8(`answer ${number}`));
    expect(await caller.open(number, answer)).toEqual(utf8(`answer ${number}`));
    expect(answer).not.toEqual(question);
  }
  const message = await (await sent.session()).seal(3, utf8("question"));
  await expect(domain.open(4, message)).rejects.toEqual(code("ERR_SEAL"));
  // Its own message does not come back as the peer's.
  await expect(caller.open(3, message)).rejects.toEqual(code("ERR_SEAL"));
  await expect(domain.open(3, message.with(0, (message[0] ?? 0) ^ 1))).rejects.toEqual(code("ERR_SEAL"));
  await expect(domain.open(3, message.subarray(1))).rejects.toEqual(code("ERR_SEAL"));
  const other = await sealQuery(pair.sealKey, utf8("opening"), context);
  const elsewhere = await (await openQuery(pair, other.frame, context)).session();
  await expect(elsewhere.open(3, message)).rejects.toEqual(code("ERR_SEAL"));
});

test("a number seals one message of a session", async () => {
  const seal = await (await sealQuery(pair.sealKey, utf8("opening"), context)).session();
  await seal.seal(0, utf8("one"));
  await expect(seal.seal(0, utf8("other"))).rejects.toThrow(RangeError);
  await seal.seal(5, utf8("five"));
  await expect(seal.seal(4, utf8("four"))).rejects.toThrow(RangeError);
});

test("another implementation of RFC 9180 exports the keys of a session", async () => {
  const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const sent = await sealQuery(pair.sealKey, utf8("opening"), context);
  const message = await (await sent.session()).seal(258, utf8("question"));
  const recipient = await suite.createRecipientContext({
    recipientKey: {
      privateKey: await suite.kem.deserializePrivateKey(secret),
      publicKey: await suite.kem.deserializePublicKey(x25519.getPublicKey(secret)),
    },
    enc: decodeSealedQuery(sent.frame).encapsulatedKey.slice().buffer,
    info: utf8("sluice/query/v1").slice().buffer,
  });
  const raw = await recipient.export(utf8("sluice/session/v1/caller").slice().buffer, 32);
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const iv = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2);
  expect(
    new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, new Uint8Array(message))),
  ).toBe("question");
});

test("a query that is made again from what it saved opens its answer, and seals no number from before", async () => {
  const sent = await sealQuery(pair.sealKey, utf8("opening"), context);
  const opened = await openQuery(pair, sent.frame, context);
  const saved = await sent.save();
  const again = restoreQuery(saved);
  expect(again.frame).toEqual(sent.frame);
  expect(await again.openAnswer(await opened.sealAnswer(utf8("answer"), random))).toEqual(utf8("answer"));
  const [caller, domain] = [await again.session(5), await opened.session()];
  expect(await domain.open(5, await caller.seal(5, utf8("more")))).toEqual(utf8("more"));
  expect(await caller.open(0, await domain.seal(0, utf8("reply")))).toEqual(utf8("reply"));
  await expect((await again.session(5)).seal(4, utf8("before"))).rejects.toThrow(RangeError);
  for (const bytes of [saved.subarray(1), saved.subarray(0, -1), saved.with(0, 2), new Uint8Array([...saved, 0])]) {
    expect(() => restoreQuery(bytes)).toThrow(code("ERR_FRAME_MALFORMED"));
  }
});
