import { Signature, signingBytes, toBase64url, type Signed, type SignedType } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  generateKey,
  generateSm2Key,
  signDocument,
  signersOf,
  verifyEd25519,
  verifySigned,
  type SignerPolicy,
} from "../src/index.ts";

const body = { type: "grant" as const, scene: "credit", at: "2026-01-02T03:04:05.000Z" };
const department = { ed: await generateKey(), sm: await generateSm2Key() };
const agency = { ed: await generateKey(), sm: await generateSm2Key() };
const lists = [
  [department.ed.keyId, department.sm.keyId],
  [agency.ed.keyId, agency.sm.keyId],
];

async function refuses(signed: Signed<{ type: SignedType }>, policy: SignerPolicy, signer?: string): Promise<void> {
  await expect(verifySigned(signed, policy)).rejects.toMatchObject({
    code: "ERR_SIGNATURE",
    details: signer === undefined ? { type: body.type } : { type: body.type, signer },
  });
}

test("one object carries signatures of both suites, and both are checked", async () => {
  const signed = await signDocument(body, department.ed, department.sm);
  expect(signed.signatures.map(({ suite }) => suite)).toEqual(["ed25519", "sm2"]);
  for (const signature of signed.signatures) expect(Signature.parse(signature)).toEqual(signature);
  await verifySigned(signed, { required: [[department.ed.keyId], [department.sm.keyId]] });
  expect(await signersOf(signed)).toEqual([department.ed.keyId, department.sm.keyId]);
  const changed = { ...signed, body: { ...body, scene: "other" } };
  expect(await signersOf(changed)).toEqual([]);
  for (const index of [0, 1]) {
    const signatures = signed.signatures.map((signature, at) => (at === index ? swapped(signature) : signature));
    await refuses({ body, signatures }, { required: lists }, signed.signatures[index]?.keyId);
  }
});

test("a policy that names no suite takes a key of any", async () => {
  await verifySigned(await signDocument(body, department.sm, agency.ed), { required: lists });
  await verifySigned(await signDocument(body, department.sm, agency.ed), { required: lists, suites: [] });
});

test("a policy that needs SM2 needs it of every list, and permits the other beside it", async () => {
  const policy: SignerPolicy = { required: lists, suites: ["sm2"] };
  await verifySigned(await signDocument(body, department.sm, agency.sm), policy);
  await verifySigned(await signDocument(body, department.ed, department.sm, agency.sm), policy);
  await refuses(await signDocument(body, department.ed, agency.ed), policy, department.sm.keyId);
  await refuses(await signDocument(body, department.sm, agency.ed), policy, agency.sm.keyId);
});

test("a policy that needs both suites needs both of every list", async () => {
  const policy: SignerPolicy = { required: lists, suites: ["ed25519", "sm2"] };
  await verifySigned(await signDocument(body, department.ed, department.sm, agency.sm, agency.ed), policy);
  await refuses(await signDocument(body, department.ed, department.sm, agency.ed), policy, agency.sm.keyId);
  await refuses(await signDocument(body, department.ed, department.sm, agency.sm), policy, agency.ed.keyId);
});

test("a list without a key of the needed suite is met by nobody", async () => {
  const policy: SignerPolicy = { required: [[department.ed.keyId]], suites: ["sm2"] };
  await refuses(await signDocument(body, department.ed), policy, "a key of the suite sm2");
});

test("a signature under the name of the other suite, or of none, is refused", async () => {
  const [ed, sm] = (await signDocument(body, department.ed, department.sm)).signatures;
  if (ed === undefined || sm === undefined) throw new Error("signed");
  const mislabelled: Signature[] = [
    { ...ed, suite: "sm2" },
    { ...sm, suite: "ed25519" },
    { ...ed, suite: "rsa" } as unknown as Signature,
    { ...ed, suite: "toString" } as unknown as Signature,
  ];
  for (const signature of mislabelled) {
    expect(Signature.safeParse(signature).success).toBe(false);
    expect(await signersOf({ body, signatures: [signature] })).toEqual([]);
    await refuses({ body, signatures: [signature] }, { required: lists }, signature.keyId);
  }
});

test("a key of SM2 is none of Ed25519, whatever its signature", async () => {
  const bytes = signingBytes(body);
  expect(await verifyEd25519(department.sm.keyId, bytes, await department.sm.sign(bytes))).toBe(false);
});

function swapped(signature: Signature): Signature {
  const value = Buffer.from(signature.value, "base64url");
  return { ...signature, value: toBase64url(Buffer.concat([value.subarray(32), value.subarray(0, 32)])) };
}
