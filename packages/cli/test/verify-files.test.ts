/** `sluice verify FILE…`: single receipts, grants and releases; any byte that was changed is found, and named.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { currentKey, TrustPins, verifyDocument } from "@sluice/evidence/verify";
import { documentText, isSluiceError, utf8, type EvidencedReceipt } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";
import { officerDocuments } from "./officer-documents.ts";

async function receiptFile(): Promise<{ file: string; trust: string; receipt: EvidencedReceipt; pins: TrustPins }> {
  const directory = await temporaryDirectory();
  const [, , receipt] = await writeEvidenceDirectory(directory, 3);
  if (receipt === undefined) throw new Error("three receipts were written");
  const trust = join(directory, "trust.json");
  const pins = TrustPins.parse(JSON.parse(await readFile(trust, "utf8")));
  return { file: join(directory, "receipts", `${receipt.receipt.body.callId}.json`), trust, receipt, pins };
}

async function officerFiles(): Promise<{ grant: string; release: string; trust: string; pins: TrustPins }> {
  const directory = await temporaryDirectory();
  const { grant, policy, release, trust } = await officerDocuments(directory);
  const files = {
    grant: join(directory, "grant.json"),
    release: join(directory, "release.json"),
    trust: join(directory, "trust.json"),
  };
  await writeFile(files.grant, documentText({ grant, policy }));
  await writeFile(files.release, documentText(release));
  await writeFile(files.trust, JSON.stringify(trust));
  return { ...files, pins: trust };
}

test("a receipt, a grant and a release verify, with what was verified of each", async () => {
  const { file, trust, receipt } = await receiptFile();
  const one = await sluice(["verify", file, "--trust", trust]);
  expect([one.code, one.stderr]).toEqual([0, ""]);
  expect(one.stdout).toContain(`receipt ${receipt.receipt.body.callId}`);
  expect(one.stdout).toContain("domain-signature, party, snapshot, domain-log, booking, gateway-log");
  const { grant, release, trust: pins } = await officerFiles();
  const two = await sluice(["verify", grant, release], { env: { SLUICE_TRUST: pins } });
  expect([two.code, two.stderr]).toEqual([0, ""]);
  expect(two.stdout).toMatch(/grant\.json +grant [0-9a-f]{64} +form, policy, domain, signatures\n/);
  expect(two.stdout).toMatch(/release\.json +release [0-9a-f]{64} +form, domain, signatures\n/);
});

test("an erased reference is told, and is no failure", async () => {
  const { file, trust, receipt } = await receiptFile();
  const { party: _, ...openings } = receipt.openings;
  await writeFile(file, documentText({ ...receipt, openings }));
  const outcome = await sluice(["verify", file, "--trust", trust, "--json"]);
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ ok: true, files: [{ kind: "receipt", erased: ["party"] }] });
});

test("what fails is named with its part, the first file first, and the others are verified all the same", async () => {
  const { file, trust, receipt } = await receiptFile();
  const booking = receipt.booking?.body;
  if (booking === undefined) throw new Error("the receipt is booked");
  const bent = `${file}.bent.json`;
  await writeFile(bent, documentText({ ...receipt, booking: { ...receipt.booking, body: { ...booking, at: AT } } }));
  const outcome = await sluice(["verify", bent, file, "--trust", trust]);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/^first failing file: .+\.bent\.json\nfailing part: booking\nerror ERR_RECEIPT: .+\n/);
  expect(outcome.stdout).toMatch(/bent\.json +\? +NO: booking\n/);
  expect(outcome.stdout).toMatch(/\nNOT everything verifies\n$/);
  const { gatewayLog: _, ...unproven } = receipt;
  await writeFile(bent, documentText(unproven));
  const json = await sluice(["verify", bent, "--trust", trust, "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, files: [{ part: "gateway-log", ok: false }] });
});

test("a grant with another policy, or signed by others, and a file that is none of these are refused", async () => {
  const { grant, release, trust, pins } = await officerFiles();
  const delivery = JSON.parse(await readFile(grant, "utf8")) as { grant: object; policy: { k: number } };
  const cases: [string, unknown, string][] = [
    [grant, { ...delivery, policy: { ...delivery.policy, k: delivery.policy.k + 1 } }, "policy"],
    [release, { hello: "world" }, "form"],
  ];
  for (const [file, document, part] of cases) {
    await writeFile(file, documentText(document));
    const { code, stderr } = await sluice(["verify", file, "--trust", trust]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`failing part: ${part}\nerror ERR_DOCUMENT`)]);
  }
  const stranger = currentKey(Object.values(pins.domains)[0]?.receiptKey ?? "");
  const { agencyKey, ...rest } = pins;
  expect(agencyKey).not.toBe(stranger);
  const grantBytes = utf8(documentText(delivery));
  await expect(verifyDocument(grantBytes, { ...rest, agencyKey: stranger })).rejects.toMatchObject({
    details: { kind: "grant", part: "signatures" },
  });
  await expect(verifyDocument(grantBytes, { ...pins, domains: {} })).rejects.toMatchObject({
    details: { kind: "grant", part: "domain" },
  });
});

test("the same document in other bytes is refused, in a file and in a folder", async () => {
  const { file, trust, receipt } = await receiptFile();
  const text = documentText(receipt);
  const others = [
    text.trimEnd(),
    `${text} `,
    text.replace("\n", "\r\n"),
    JSON.stringify(receipt, null, 2),
    text.replace('"receipt"', '"\\u0072eceipt"'),
  ];
  for (const other of others) {
    expect(JSON.parse(other)).toEqual(receipt);
    await writeFile(file, other);
    const { code, stderr } = await sluice(["verify", file, "--trust", trust]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("failing part: form\nerror ERR_DOCUMENT")]);
    expect((await sluice(["verify", dirname(trust)])).stderr).toContain("error ERR_RECEIPT");
  }
});

test("files need pins, and must be there", async () => {
  const { file, trust } = await receiptFile();
  expect((await sluice(["verify", file])).code).toBe(2);
  expect((await sluice(["verify", file, `${file}.gone`, "--trust", trust])).code).toBe(2);
  expect((await sluice(["verify", file, "--trust", trust, "--policy", trust])).code).toBe(2);
});

const AT = "2026-02-03T04:05:06.007Z";
/** Every bit of every byte in the long tests; else one of each byte, another one from byte to byte. */
const BITS = process.env["SLOW"] === "1" ? [0, 1, 2, 3, 4, 5, 6, 7] : null;

async function everyFlipIsRefused(file: string, pins: TrustPins, parts: readonly string[]): Promise<void> {
  const bytes = new Uint8Array(await readFile(file));
  await verifyDocument(bytes, pins);
  const named = new Set<string>();
  for (let i = 0; i < bytes.length; i++) {
    for (const bit of BITS ?? [(i * 3) % 8]) {
      const flipped = bytes.with(i, (bytes[i] ?? 0) ^ (1 << bit));
      const error: unknown = await verifyDocument(flipped, pins).then(
        () => new Error(`byte ${i}, bit ${bit} may change`),
        (refusal: unknown) => refusal,
      );
      if (!isSluiceError(error, "ERR_RECEIPT", "ERR_DOCUMENT")) throw error;
      named.add(String(error.details["part"]));
    }
  }
  expect([...named].toSorted()).toEqual([...parts].toSorted());
}

test("no byte of a receipt may change, and the part it belongs to is named", { timeout: 600_000 }, async () => {
  const { file, pins } = await receiptFile();
  const parts = ["domain", "domain-signature", "party", "snapshot", "domain-log", "booking", "gateway-log"];
  await everyFlipIsRefused(file, pins, ["form", ...parts]);
});

test("no byte of a grant with its policy may change", { timeout: 600_000 }, async () => {
  const { grant, pins } = await officerFiles();
  await everyFlipIsRefused(grant, pins, ["form", "domain", "policy", "signatures"]);
});

test("no byte of a release may change", { timeout: 600_000 }, async () => {
  const { release, pins } = await officerFiles();
  await everyFlipIsRefused(release, pins, ["form", "domain", "signatures"]);
});
