import {
  canonicalBytes,
  concatBytes,
  signingBytes,
  toBase64url,
  utf8,
  type Signed,
  type SignedType,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { generateKey, signDocument, signersOf, verifySigned } from "../src/index.ts";

const [department, agency, recovery, stranger] = await Promise.all([1, 2, 3, 4].map(() => generateKey()));
if (!department || !agency || !recovery || !stranger) throw new Error("four keys");
const body = { type: "release" as const, product: "credit", version: 1, at: "2026-01-02T03:04:05.000Z" };
const both = { required: [[department.keyId], [agency.keyId]] };
const any = { required: [[department.keyId, agency.keyId, recovery.keyId]] };

async function refuses(signed: Signed<{ type: SignedType }>, policy: { required: string[][] }, signer?: string) {
  await expect(verifySigned(signed, policy)).rejects.toMatchObject({
    code: "ERR_SIGNATURE",
    details: signer === undefined ? { type: signed.body.type } : { type: signed.body.type, signer },
  });
}

test("passes with the signers the policy names, in any order", async () => {
  const signed = await signDocument(body, department, agency);
  await verifySigned(signed, both);
  await verifySigned({ ...signed, signatures: signed.signatures.toReversed() }, both);
  await verifySigned(
    { body: Object.fromEntries(Object.entries(body).toReversed()) as typeof body, signatures: signed.signatures },
    both,
  );
  await verifySigned(await signDocument(body, recovery), any);
  expect(await signersOf(signed)).toEqual([department.keyId, agency.keyId]);
});

test("refuses a missing signer and names it", async () => {
  await refuses(await signDocument(body, department), both, agency.keyId);
  await refuses(await signDocument(body), any, any.required[0]?.join(" or "));
});

test("refuses the key of a stranger, alone or beside the right ones", async () => {
  await refuses(await signDocument(body, stranger), any, stranger.keyId);
  await refuses(await signDocument(body, department, agency, stranger), both, stranger.keyId);
});

test("refuses a changed body", async () => {
  const signed = await signDocument(body, department, agency);
  await refuses({ ...signed, body: { ...body, version: 2 } as typeof body }, both, department.keyId);
  expect(await signersOf({ ...signed, body: { ...body, version: 2 } as typeof body })).toEqual([]);
});

test("refuses a signature made for another type of object", async () => {
  const value = toBase64url(await department.sign(concatBytes(utf8("sluice/grant/v1"), canonicalBytes(body))));
  await refuses({ body, signatures: [{ suite: "ed25519", keyId: department.keyId, value }] }, any, department.keyId);
  const bare = toBase64url(await department.sign(canonicalBytes(body)));
  await refuses({ body, signatures: [{ suite: "ed25519", keyId: department.keyId, value: bare }] }, any);
});

test("refuses one key that signs twice, also where two lists name it", async () => {
  const [signature] = (await signDocument(body, department)).signatures;
  if (signature === undefined) throw new Error("signed");
  await refuses({ body, signatures: [signature, signature] }, any, department.keyId);
  const twoOfUs = {
    required: [
      [department.keyId, agency.keyId],
      [department.keyId, agency.keyId],
    ],
  };
  await refuses({ body, signatures: [signature] }, twoOfUs);
  await verifySigned(await signDocument(body, department, agency), twoOfUs);
});

test("finds the assignment of signers to lists where the first choice does not work", async () => {
  const policy = { required: [[department.keyId, agency.keyId], [department.keyId]] };
  await verifySigned(await signDocument(body, department, agency), policy);
});

test("refuses a policy that requires nobody", async () => {
  await refuses(await signDocument(body, department), { required: [] });
  await refuses(await signDocument(body), { required: [[]] });
});

test("refuses a broken or foreign signature value", async () => {
  const signed = await signDocument(body, department);
  const [signature] = signed.signatures;
  if (signature === undefined) throw new Error("signed");
  const last = signature.value.endsWith("A") ? "B" : "A"; // other unused bits: another spelling of the same bytes
  for (const value of ["", "A".repeat(86), signature.value.slice(0, -1), signature.value.slice(0, -1) + last]) {
    await refuses({ body, signatures: [{ ...signature, value }] }, any, department.keyId);
  }
  await refuses({ body, signatures: [{ ...signature, keyId: agency.keyId }] }, any, agency.keyId);
});

test("refuses more signatures than the limit", async () => {
  const [signature] = (await signDocument(body, department)).signatures;
  if (signature === undefined) throw new Error("signed");
  await refuses({ body, signatures: Array.from({ length: 9 }, () => signature) }, any);
});

test("the signed bytes are the type's prefix and the canonical JSON", () => {
  expect(new TextDecoder().decode(signingBytes({ type: "grant" }))).toBe('sluice/grant/v1{"type":"grant"}');
});
