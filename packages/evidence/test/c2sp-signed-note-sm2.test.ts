import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { logIdentity, openCheckpoint, signCheckpoint } from "../src/checkpoint.ts";
import {
  askWitnesses,
  generateKey,
  generateSm2Key,
  noteSm2VerifierKey,
  openLog,
  verifyLogDirectory,
} from "../src/index.ts";
import { verifySm2 } from "../src/sm/sm2.ts";
import { CLOCK, entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const [key, sm2Key, otherSm2] = [await generateKey(), await generateSm2Key(), await generateSm2Key()];
const head = { size: 12, rootHash: new Uint8Array(32).fill(3) };
const plain = { origin: ORIGIN, logKey: key.keyId };
const both = { ...plain, logSm2Key: sm2Key.keyId };
const { text } = await signCheckpoint(ORIGIN, head, key, sm2Key);
const body = text.slice(0, text.indexOf("\n\n") + 1);
const [edLine = "", sm2Line = ""] = text
  .slice(body.length + 1)
  .split("\n")
  .map((line) => `${line}\n`);

test("the line is SM2 with the standard user id over the text, under the hash that the page describes", () => {
  const bytes = Buffer.from(sm2Line.split(" ")[2] ?? "", "base64");
  const point = Buffer.from(sm2Key.keyId.slice("sm2:".length), "base64url");
  const typed = Buffer.concat([Buffer.of(0xff), Buffer.from("sluice/note-sm2-sm3/v1"), point]);
  const keyHash = createHash("sha256").update(`${ORIGIN}\n`).update(typed).digest().subarray(0, 4);
  expect(bytes.subarray(0, 4)).toEqual(keyHash);
  expect(verifySm2(sm2Key.keyId, Buffer.from(body), new Uint8Array(bytes.subarray(4)))).toBe(true);
  const verifierKey = `${ORIGIN}+${keyHash.toString("hex")}+${typed.toString("base64")}`;
  expect(noteSm2VerifierKey(ORIGIN, sm2Key.keyId)).toBe(verifierKey);
  expect(() => noteSm2VerifierKey(ORIGIN, key.keyId)).toThrow(RangeError);
});

test("who pins the SM2 key needs both lines; who does not ignores the line", async () => {
  expect((await openCheckpoint(text, both)).size).toBe(12);
  expect((await openCheckpoint(text, plain)).size).toBe(12);
  expect(logIdentity({ logOrigin: ORIGIN, logKey: key.keyId, logSm2Key: sm2Key.keyId })).toEqual(both);
  expect(logIdentity({ logOrigin: ORIGIN, logKey: key.keyId })).toEqual(plain);
});

const flipped = sm2Line.replace(/(.{20})(.)/su, (_, start: string, one: string) => start + (one === "A" ? "B" : "A"));
const another = (await signCheckpoint(ORIGIN, { ...head, size: 13 }, key, sm2Key)).text.split("\n").at(-2) ?? "";

test.each([
  ["is missing", edLine],
  ["was changed", edLine + sm2Line.slice(0, -30) + (sm2Line.at(-30) === "A" ? "B" : "A") + sm2Line.slice(-29)],
  ["names another key", edLine + flipped],
  ["is of another checkpoint", `${edLine}${another}\n`],
  ["stands twice", edLine + sm2Line + sm2Line],
  ["stands alone", sm2Line],
  ["is of another name", edLine + sm2Line.replace(ORIGIN, "log.example/other")],
])("a checkpoint whose SM2 line %s is refused where the key is pinned", async (_, lines) => {
  await expect(openCheckpoint(`${body}\n${lines}`, both)).rejects.toMatchObject({ code: "ERR_LOG" });
});

test("the line of another SM2 key does not count", async () => {
  await expect(openCheckpoint(text, { ...plain, logSm2Key: otherSm2.keyId })).rejects.toMatchObject({
    details: { reason: "a checkpoint is not signed by its SM2 key" },
  });
});

test("a log signs every checkpoint with both keys, may begin to, and refuses a published line that is wrong", async () => {
  await inDirectory(async (directory) => {
    const options = { origin: ORIGIN, key, clock: CLOCK };
    await (await openLog(directory, options)).close();
    await expect(verifyLogDirectory(directory, both)).rejects.toMatchObject({ code: "ERR_LOG" });
    const log = await openLog(directory, { ...options, sm2Key });
    await Promise.all(entriesOf(0, 3).map((entry) => log.append(entry)));
    expect((await openCheckpoint((await log.checkpoint()).text, both)).size).toBe(3);
    await log.close();
    await verifyLogDirectory(directory, both);
    const file = join(directory, "checkpoint");
    const shown = await readFile(file, "utf8");
    await writeFile(file, `${shown.slice(0, -10)}${shown.at(-10) === "A" ? "B" : "A"}${shown.slice(-9)}`);
    await expect(openLog(directory, { ...options, sm2Key })).rejects.toMatchObject({
      details: { reason: "the SM2 line of the published checkpoint is not valid" },
    });
  });
});

test("with fourteen witnesses a checkpoint has as many lines as a note may have", async () => {
  const witnesses = Array.from({ length: 20 }, (_, i) => ({ name: `w${i}`, witnessKey: key.keyId, url: "http://w" }));
  const { cosign } = await import("../src/witness-cosignature.ts");
  const answers = askWitnesses(witnesses, {
    fetch: async () => {
      const lines = await Promise.all(witnesses.map(({ name }) => cosign(body, name, key, CLOCK.now())));
      return new Response(lines.slice(0, 16).join(""));
    },
  });
  const log = { consistency: () => Promise.resolve([]), signal: new AbortController().signal };
  const cosigned = await answers({ origin: ORIGIN, ...head, text }, log);
  expect(cosigned.split("\n\n")[1]?.split("\n")).toHaveLength(16 + 1);
  expect((await openCheckpoint(cosigned, both)).size).toBe(12);
});
