import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { timestampQuery } from "../src/anchor/timestamp-anchor.ts";
import { verifyTimestamp } from "../src/anchor/timestamp.ts";
import { CA_EXTENSIONS, hasOpenssl, OpensslAuthority, TSA_EXTENSIONS } from "./openssl-authority.ts";

const DATA = new TextEncoder().encode("log.example/hrss\n7\nroot\n\n— a signature\n");
const NONCE = Uint8Array.of(0x41, 2, 3, 4, 5, 6, 7, 0);
const LEAF = TSA_EXTENSIONS.slice(0, 2);
const POLICY = "1.3.6.1.4.1.99999.1";

describe.skipIf(!hasOpenssl())("an authority that is OpenSSL", () => {
  let directory: string;
  let authority: OpensslAuthority;
  let answer: Uint8Array;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "sluice-tsa-"));
    authority = await OpensslAuthority.create(directory);
    await authority.certificate({ name: "rsa", issuer: "ca", rsa: true, extensions: TSA_EXTENSIONS });
    answer = await authority.reply(await timestampQuery(DATA, NONCE));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  /** What was stamped at a time when every certificate so far was valid. */
  async function stampedNow(): Promise<Uint8Array> {
    return authority.infoOf(await authority.reply(await timestampQuery(DATA, NONCE)));
  }

  async function judge(
    response: Uint8Array,
    claim: { data?: Uint8Array; nonce?: Uint8Array; policy?: string } = {},
    ca = "ca",
  ) {
    const { data = DATA, nonce = NONCE, policy } = claim;
    const verdict = await verifyTimestamp(response, { data, nonce, trust: { caPem: await authority.pem(ca), policy } });
    return verdict.kind === "valid" ? "valid" : verdict.fault;
  }

  test("reads our query as it is meant", async () => {
    const text = await authority.readQuery(await timestampQuery(DATA, NONCE, POLICY));
    expect(text).toContain("Version: 1\nHash Algorithm: sha256");
    expect(text).toContain(`Policy OID: ${POLICY}`);
    expect(text).toContain("Nonce: 0x4102030405060700");
    expect(text).toContain("Certificate required: yes");
  });

  test("agrees with us about its answers: ECDSA and RSA, both forms of the certificate's name, a chain", async () => {
    await authority.certificate({ name: "middle", issuer: "ca", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "below", issuer: "middle", extensions: TSA_EXTENSIONS });
    const query = await timestampQuery(DATA, NONCE, POLICY);
    for (const how of [{}, { section: "tsa_old" }, { signer: "rsa" }, { signer: "below", chain: "middle" }]) {
      const made = await authority.reply(query, how);
      expect([how, await authority.verifies(DATA, made), await judge(made, { policy: POLICY })]).toEqual([
        how,
        true,
        "valid",
      ]);
    }
    const unchained = await authority.reply(query, { signer: "below" });
    expect([await authority.verifies(DATA, unchained), await judge(unchained)]).toEqual([false, "untrusted"]);
    expect(await judge(unchained, {}, "middle")).toBe("valid");
  });

  test("the time is the authority's, to the second", async () => {
    const claim = { data: DATA, trust: { caPem: await authority.pem("ca") } };
    const [, year, month, day, hour, minute, second] =
      /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z/.exec(Buffer.from(await authority.infoOf(answer)).toString("latin1")) ??
      [];
    const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
    expect(await verifyTimestamp(answer, claim)).toEqual({ kind: "valid", at });
  });

  test.each([
    ["another checkpoint", { data: DATA.subarray(1) }, "another-imprint"],
    ["another nonce", { nonce: Uint8Array.of(0x41, 2, 3, 4, 5, 6, 7, 1) }, "another-nonce"],
    ["a shorter nonce", { nonce: NONCE.subarray(0, 7) }, "another-nonce"],
    ["another policy", { policy: "1.3.6.1.4.1.99999.2" }, "another-policy"],
  ])("refuses the answer for %s", async (_, claim, fault) => {
    expect(await judge(answer, claim)).toBe(fault);
  });

  test("refuses an answer that does not grant, and one over SHA-1 or with a padding that is not taken", async () => {
    const query = await timestampQuery(DATA, NONCE);
    expect(await judge(await authority.reply(query, { section: "tsa_refusing" }))).toBe("rejected");
    for (const signer of ["tsa", "rsa"]) {
      expect(await judge(await authority.reply(query, { signer, section: "tsa_sha1" }))).toBe("signature");
    }
    const info = await stampedNow();
    expect(await judge(await authority.forge(info, "rsa"))).toBe("valid");
    expect(await judge(await authority.forge(info, "rsa", { pss: true }))).toBe("signature");
  });

  test("refuses the CA of somebody else, and a signer pinned in the place of a CA", async () => {
    await authority.certificate({ name: "foreign", extensions: CA_EXTENSIONS, subject: "ca" });
    expect(await authority.verifies(DATA, answer, "foreign")).toBe(false);
    expect(await judge(answer, {}, "foreign")).toBe("untrusted");
    expect(await judge(answer, {}, "tsa")).toBe("untrusted");
  });

  test("takes the path of no other certificate in the token for the signer's", async () => {
    await authority.certificate({ name: "foreign-ca", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "stranger", issuer: "foreign-ca", extensions: TSA_EXTENSIONS });
    await authority.certificate({ name: "good", issuer: "ca", extensions: CA_EXTENSIONS });
    // The signer is pinned in the place of a CA, beside one that the other certificate is under.
    await writeFile(join(directory, "both.pem"), (await authority.pem("ca")) + (await authority.pem("stranger")));
    const made = await authority.forge(await stampedNow(), "stranger", { others: "good.pem" });
    expect(await authority.verifies(DATA, made, "both")).toBe(false);
    expect(await judge(made, {}, "both")).toBe("untrusted");
  });

  test("refuses signers whose certificate is not for time stamps alone", async () => {
    const forms: [string, string[]][] = [
      ["no-usage", LEAF],
      ["not-critical", [...LEAF, "extendedKeyUsage=timeStamping"]],
      ["two-usages", [...LEAF, "extendedKeyUsage=critical,timeStamping,emailProtection"]],
      ["other-usage", [...LEAF, "extendedKeyUsage=critical,codeSigning"]],
    ];
    for (const [name, extensions] of forms) await authority.certificate({ name, issuer: "ca", extensions });
    const info = await stampedNow();
    for (const [name] of forms) {
      const made = await authority.forge(info, name);
      expect([name, await authority.verifies(DATA, made), await judge(made)]).toEqual([name, false, "certificate"]);
    }
    expect(await judge(await authority.forge(info, "tsa"))).toBe("valid");
    expect(await judge(await authority.forge(info, "tsa", { named: false }))).toBe("certificate");
  });

  test("refuses a signer that was not valid at the stamped time", async () => {
    const text = Buffer.from(await stampedNow()).toString("latin1");
    const year = /(\d{4})\d{10}Z/.exec(text)?.[1] ?? "";
    for (const other of ["2001", "2049"]) {
      const moved = new Uint8Array(Buffer.from(text.replace(new RegExp(`${year}(\\d{10}Z)`), `${other}$1`), "latin1"));
      expect(await judge(await authority.forge(moved, "tsa"))).toBe("untrusted");
    }
  });

  test("refuses a path over more authorities than one may have below it, or over none", async () => {
    await authority.certificate({
      name: "last",
      extensions: [...CA_EXTENSIONS.slice(1), "basicConstraints=critical,CA:TRUE,pathlen:0"],
    });
    await authority.certificate({ name: "too-low", issuer: "last", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "lowest", issuer: "too-low", extensions: TSA_EXTENSIONS });
    await authority.certificate({ name: "direct", issuer: "last", extensions: TSA_EXTENSIONS });
    await authority.certificate({ name: "no-ca", issuer: "ca", extensions: LEAF });
    await authority.certificate({ name: "under-no-ca", issuer: "no-ca", extensions: TSA_EXTENSIONS });
    const info = await stampedNow();
    expect(await judge(await authority.forge(info, "direct"), {}, "last")).toBe("valid");
    for (const [signer, others, ca] of [
      ["lowest", "too-low.pem", "last"],
      ["under-no-ca", "no-ca.pem", "ca"],
    ] as const) {
      const made = await authority.forge(info, signer, { others });
      expect([signer, await authority.verifies(DATA, made, ca), await judge(made, {}, ca)]).toEqual([
        signer,
        false,
        "untrusted",
      ]);
    }
  });

  test("certificates that sign each other in a circle come to an end", async () => {
    await authority.certificate({ name: "x", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "y", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "x-by-y", key: "x", subject: "x", issuer: "y", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "y-by-x", key: "y", subject: "y", issuer: "x", extensions: CA_EXTENSIONS });
    await authority.certificate({ name: "circled", issuer: "x", extensions: TSA_EXTENSIONS });
    await writeFile(join(directory, "circle.pem"), (await authority.pem("x-by-y")) + (await authority.pem("y-by-x")));
    expect(await judge(await authority.forge(await stampedNow(), "circled", { others: "circle.pem" }))).toBe(
      "untrusted",
    );
  });

  test("refuses what is no answer, and more bytes than one may have", async () => {
    for (const bytes of ["", "00", "3000", "30030201", "<html>busy</html>", "3080", "308400000001"]) {
      const response = /^[0-9a-f]*$/.test(bytes) ? Buffer.from(bytes, "hex") : Buffer.from(bytes);
      expect([bytes, await judge(new Uint8Array(response))]).toEqual([bytes, "malformed"]);
    }
    expect(await judge(Uint8Array.of(...answer, 0))).toBe("malformed");
    expect(await judge(answer.subarray(0, -1))).toBe("malformed");
    expect(await judge(new Uint8Array(20_000))).toBe("too-large");
  });

  test("a flipped bit is refused, or is in a part that says nothing: never another time, never a throw", async () => {
    const trust = { caPem: await authority.pem("ca") };
    const whole = await verifyTimestamp(answer, { data: DATA, nonce: NONCE, trust });
    for (let at = 0; at < answer.length; at += 13) {
      const flipped = answer.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const verdict = await verifyTimestamp(flipped, { data: DATA, nonce: NONCE, trust });
      if (verdict.kind === "valid") expect([at, verdict]).toEqual([at, whole]);
    }
  });

  test("refuses to work with pins that are no certificates", async () => {
    for (const caPem of [
      "",
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
      (await authority.pem("ca")).repeat(9),
    ]) {
      const claim = { data: DATA, nonce: NONCE, trust: { caPem } };
      await expect(verifyTimestamp(answer, claim)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
    }
  });
});

test.skipIf(hasOpenssl())("needs openssl", () => {
  if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("openssl is missing");
  process.stdout.write("time stamps were not compared: this machine has no openssl 3\n");
});
