import { base64 } from "@scure/base";
import { expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey, keyIdOf, noteVerifierKey, openCheckpoint, openNote } from "../src/index.ts";
import { signNote } from "../src/signed-note.ts";
import { ORIGIN } from "./log-fixture.ts";

const key = await generateKey();
const other = await generateKey();
const head = { size: 12, rootHash: new Uint8Array(32).fill(3) };
const trust = { origin: ORIGIN, logKey: key.keyId };

// golang.org/x/mod/sumdb/note, example of Open and Verifier: an independent implementation's note.
const GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE =
  "If you think cryptography is the answer to your problem,\n" +
  "then you don't know what your problem is.\n" +
  "\n" +
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

test("opens the note of an independent implementation and spells its key the same way", async () => {
  const keyId = keyIdOf(base64.decode(GO_KEY.split("+").slice(2).join("+")).subarray(1));
  expect(noteVerifierKey("PeterNeumann", keyId)).toBe(GO_KEY);
  expect(await openNote(GO_NOTE, "PeterNeumann", keyId)).toMatch(/^If you think .* is\.\n$/s);
  expect(await openNote(GO_NOTE.replace("answer", "Answer"), "PeterNeumann", keyId)).toBeNull();
});

test("a checkpoint opens under its log's name and key only", async () => {
  const checkpoint = await signCheckpoint(ORIGIN, head, key);
  expect(await openCheckpoint(checkpoint.text, trust)).toEqual(checkpoint);
  await refuses(checkpoint.text, { origin: ORIGIN, logKey: other.keyId });
  await refuses(checkpoint.text, { origin: "log.example/other", logKey: key.keyId });
  await refuses(checkpoint.text.replace("\n12\n", "\n13\n"), trust);
});

test("a checkpoint of another log signed by the same key is refused", async () => {
  const note = await signNote(`log.example/other\n12\n${base64.encode(head.rootHash)}\n`, ORIGIN, key);
  await refuses(note, trust);
});

test("a line of another key is left to others; a wrong line of this key is not", async () => {
  const { text } = await signCheckpoint(ORIGIN, head, key);
  const body = text.slice(0, text.indexOf("\n\n") + 1);
  const line = text.slice(text.indexOf("\n\n") + 2);
  const witness = (await signNote(body, "witness.example", other)).slice(body.length + 1);
  expect((await openCheckpoint(text + witness, trust)).size).toBe(12);
  expect((await openCheckpoint(`${body}\n${witness}${line}`, trust)).size).toBe(12);
  await refuses(text + line, trust);
  await refuses(`${body}\n${witness}`, trust);
});

test.each([
  ["no signature", (text: string) => text.slice(0, text.indexOf("\n\n") + 2)],
  ["no blank line", (text: string) => text.replace("\n\n", "\n")],
  ["no last newline", (text: string) => text.slice(0, -1)],
  ["a carriage return", (text: string) => text.replaceAll("\n", "\r\n")],
  ["a NUL", (text: string) => text.replace("12", "1\u00002")],
  ["a hyphen for the dash", (text: string) => text.replace("—", "-")],
  ["a broken base64", (text: string) => text.replace(/.{4}\n$/, "!!!!\n")],
  ["a note that is too long", (text: string) => `${"x".repeat(5_000)}\n${text}`],
  ["many signature lines", (text: string) => text + `— x ${base64.encode(new Uint8Array(68))}\n`.repeat(17)],
  ["nothing", () => ""],
])("refuses %s", async (_, alter) => {
  await refuses(alter((await signCheckpoint(ORIGIN, head, key)).text), trust);
});

test.each(["012", "-1", "1e3", "9007199254740993", "", " 12"])("refuses the size %j", async (size) => {
  await refuses(await signNote(`${ORIGIN}\n${size}\n${base64.encode(head.rootHash)}\n`, ORIGIN, key), trust);
});

test("refuses a root that is not 32 bytes", async () => {
  await refuses(await signNote(`${ORIGIN}\n1\n${base64.encode(new Uint8Array(31))}\n`, ORIGIN, key), trust);
  await refuses(await signNote(`${ORIGIN}\n1\n`, ORIGIN, key), trust);
});

async function refuses(text: string, identity: { origin: string; logKey: string }): Promise<void> {
  await expect(openCheckpoint(text, identity)).rejects.toMatchObject({ code: "ERR_LOG" });
}
