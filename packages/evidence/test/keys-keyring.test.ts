import { KeyValidity, PinnedKey } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  continuesPin,
  currentKey,
  generateKey,
  generateSm2Key,
  keysAt,
  laterOf,
  ringOf,
  rotatedPin,
  signDocument,
  verifySignedAt,
} from "../src/index.ts";

const DAY_MS = 86_400_000;
const at = (day: number, ms = 0): string => new Date(Date.UTC(2026, 0, 1) + day * DAY_MS + ms).toISOString();
const [old, next, third] = [await generateKey(), await generateSm2Key(), await generateKey()];
const rotated = rotatedPin(old.keyId, next.keyId, { from: at(10), until: at(15) });
const body = { type: "release" as const, product: "credit" };

test("a key alone counts at all times, as pins without rings always said", () => {
  expect(PinnedKey.parse(old.keyId)).toBe(old.keyId);
  for (const day of [-9_000, 0, 9_000]) expect(keysAt(old.keyId, at(day))).toEqual([old.keyId]);
  expect(currentKey(old.keyId)).toBe(old.keyId);
});

test("in a rotation both keys count for as long as they overlap, and each alone before and after", () => {
  expect(rotated).toEqual([
    { keyId: old.keyId, until: at(15) },
    { keyId: next.keyId, from: at(10) },
  ]);
  expect(keysAt(rotated, at(-9_000))).toEqual([old.keyId]);
  expect(keysAt(rotated, at(10, -1))).toEqual([old.keyId]);
  expect(keysAt(rotated, at(10))).toEqual([old.keyId, next.keyId]);
  expect(keysAt(rotated, at(15, -1))).toEqual([old.keyId, next.keyId]);
  expect(keysAt(rotated, at(15))).toEqual([next.keyId]);
  expect(currentKey(rotated)).toBe(next.keyId);
});

test("what the old key signed in its time stays valid, and what it signs after its end is refused", async () => {
  const [byOld, byNext] = [await signDocument(body, old), await signDocument(body, next)];
  for (const day of [3, 12]) await verifySignedAt(byOld, rotated, at(day));
  for (const day of [12, 400]) await verifySignedAt(byNext, rotated, at(day));
  const refused = { code: "ERR_SIGNATURE", details: { type: "release", signer: old.keyId } };
  await expect(verifySignedAt(byOld, rotated, at(15))).rejects.toMatchObject(refused);
  await expect(verifySignedAt(byNext, rotated, at(9))).rejects.toMatchObject({ code: "ERR_SIGNATURE" });
  const gap = [{ keyId: old.keyId, from: at(1), until: at(2) }];
  await expect(verifySignedAt(byOld, gap, at(3))).rejects.toMatchObject({ code: "ERR_SIGNATURE" });
});

test("a second rotation never gives a key a later end, and one said again only brings ends forward", () => {
  const twice = rotatedPin(rotated, third.keyId, { from: at(12), until: at(30) });
  expect(twice.map(({ until }) => until)).toEqual([at(15), at(30), undefined]);
  const sooner = rotatedPin(twice, third.keyId, { from: at(20), until: at(13) });
  expect(sooner).toEqual([
    { keyId: old.keyId, until: at(13) },
    { keyId: next.keyId, from: at(10), until: at(13) },
    { keyId: third.keyId, from: at(12) },
  ]);
  expect(rotatedPin(sooner, third.keyId, { from: at(20), until: at(90) })).toEqual(sooner);
  expect(() => rotatedPin(sooner, old.keyId, { from: at(20), until: at(30) })).toThrow("has not been ended");
  expect(() => rotatedPin(rotated, third.keyId, { from: at(5), until: at(9) })).toThrow("later than `from`");
});

test("a pin continues another only with all of its keys, from when they counted and to no later end", () => {
  const twice = rotatedPin(rotated, third.keyId, { from: at(12), until: at(30) });
  expect([continuesPin(old.keyId, rotated), continuesPin(rotated, twice), continuesPin(twice, twice)]).toEqual([
    true,
    true,
    true,
  ]);
  const [first, second] = rotated;
  if (first === undefined || second === undefined) throw new Error("two keys");
  for (const other of [
    next.keyId,
    [second],
    [{ ...first, until: at(16) }, second],
    [{ keyId: old.keyId }, second],
    [{ ...first, from: at(1) }, second],
  ]) {
    expect(continuesPin(rotated, other)).toBe(false);
  }
  expect(continuesPin(rotated, [{ ...first, until: at(11) }, second])).toBe(true);
});

test("a ring refuses a key twice, an end before the start, having no key, and too many", () => {
  const from = at(0);
  const key = { keyId: old.keyId, from };
  const many = Array.from({ length: 65 }, (_, i) => ({ keyId: `ed25519:${String(i).padStart(43, "A")}` }));
  const bad = [[], [key, { ...key, from: at(5) }], [{ ...key, until: from }], [{ ...key, keyId: "sm2:nothing" }], many];
  for (const ring of [...bad, [{ ...key, from: "2026-01-01" }], [{ ...key, more: 1 }], "sm2:nothing", null, {}]) {
    expect(PinnedKey.safeParse(ring).success, JSON.stringify(ring)).toBe(false);
  }
  expect(PinnedKey.safeParse(many.slice(1)).success).toBe(true);
  expect(() => rotatedPin(many.slice(1), old.keyId, { from, until: at(1) })).toThrow("does not fit");
});

test("a key counts at an instant exactly when it lies in [from, until)", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 50 }), fc.nat(120), (start, length, day) => {
      const entry = KeyValidity.parse({ keyId: old.keyId, from: at(start), until: at(start + length) });
      expect(keysAt([entry], at(day)).length === 1).toBe(day >= start && day < start + length);
      expect(laterOf(at(start), at(day))).toBe(at(Math.max(start, day)));
    }),
  );
  expect(ringOf(old.keyId)).toEqual([{ keyId: old.keyId }]);
});
