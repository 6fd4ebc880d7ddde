import fc from "fast-check";
import { expect, test } from "vitest";
import {
  generateKey,
  generateSm2Key,
  policyAt,
  signDocument,
  VerificationKeyring,
  verifySigned,
  type KeyValidity,
} from "../src/index.ts";

const DAY_MS = 86_400_000;
const at = (day: number): Date => new Date(Date.UTC(2026, 0, 1) + day * DAY_MS);
const [old, next, agency] = [await generateKey(), await generateSm2Key(), await generateKey()];
const ring = new VerificationKeyring([{ keyId: old.keyId, from: at(0).toISOString() }]);
const body = { type: "release" as const, product: "credit" };

test("in a rotation both keys count for as long as they overlap, and each alone before and after", () => {
  const rotated = ring.rotated(next.keyId, at(10), 5 * DAY_MS);
  expect(rotated.keysAt(at(-1))).toEqual([]);
  expect(rotated.keysAt(at(0))).toEqual([old.keyId]);
  expect(rotated.keysAt(new Date(at(10).getTime() - 1))).toEqual([old.keyId]);
  expect(rotated.keysAt(at(10))).toEqual([old.keyId, next.keyId]);
  expect(rotated.keysAt(new Date(at(15).getTime() - 1))).toEqual([old.keyId, next.keyId]);
  expect(rotated.keysAt(at(15))).toEqual([next.keyId]);
  expect(ring.keysAt(at(15))).toEqual([old.keyId]);
});

test("what the old key signed in its time stays valid, and what it signs after its end is refused", async () => {
  const rotated = ring.rotated(next.keyId, at(10), 5 * DAY_MS);
  const [byOld, byNext] = [await signDocument(body, old), await signDocument(body, next)];
  await verifySigned(byOld, policyAt([rotated], at(3)));
  await verifySigned(byOld, policyAt([rotated], at(12)));
  await verifySigned(byNext, policyAt([rotated], at(12)));
  await verifySigned(byNext, policyAt([rotated], at(400)));
  const refused = { code: "ERR_SIGNATURE", details: { type: "release", signer: old.keyId } };
  await expect(verifySigned(byOld, policyAt([rotated], at(15)))).rejects.toMatchObject(refused);
  await expect(verifySigned(byNext, policyAt([rotated], at(9)))).rejects.toMatchObject({ code: "ERR_SIGNATURE" });
});

test("a policy over several rings needs each, and a ring without a valid key is met by nobody", async () => {
  const agencyRing = new VerificationKeyring([
    { keyId: agency.keyId, from: at(0).toISOString(), until: at(20).toISOString() },
  ]);
  const signed = await signDocument(body, old, agency);
  await verifySigned(signed, policyAt([ring, agencyRing], at(19)));
  await expect(verifySigned(await signDocument(body, old), policyAt([ring, agencyRing], at(20)))).rejects.toMatchObject(
    {
      details: { signer: "a valid key" },
    },
  );
  await expect(verifySigned(signed, policyAt([ring, agencyRing], at(20)))).rejects.toMatchObject({
    details: { signer: agency.keyId },
  });
  const bothSuites = ring.rotated(next.keyId, at(10), 90 * DAY_MS);
  await expect(
    verifySigned(await signDocument(body, old), policyAt([bothSuites], at(12), ["sm2"])),
  ).rejects.toMatchObject({
    details: { signer: next.keyId },
  });
  await verifySigned(await signDocument(body, next), policyAt([bothSuites], at(12), ["sm2"]));
});

test("a ring refuses a key twice, an end before the start, and having no key", () => {
  const from = at(0).toISOString();
  const refuse = (entries: KeyValidity[]) => expect(() => new VerificationKeyring(entries)).toThrow("does not fit");
  refuse([]);
  refuse([
    { keyId: old.keyId, from },
    { keyId: old.keyId, from: at(5).toISOString() },
  ]);
  refuse([{ keyId: old.keyId, from, until: from }]);
  refuse([{ keyId: "sm2:nothing", from }]);
  refuse([{ keyId: old.keyId, from: "2026-01-01" }]);
  expect(() => ring.rotated(old.keyId, at(10), DAY_MS)).toThrow("each key once");
  expect(() => ring.rotated(next.keyId, at(-10), DAY_MS)).toThrow("later than `from`");
});

test("a key counts at an instant exactly when it lies in [from, until)", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 50 }), fc.nat(120), (start, length, day) => {
      const entry = { keyId: old.keyId, from: at(start).toISOString(), until: at(start + length).toISOString() };
      const valid = new VerificationKeyring([entry]).keysAt(at(day)).length === 1;
      expect(valid).toBe(day >= start && day < start + length);
    }),
  );
});
