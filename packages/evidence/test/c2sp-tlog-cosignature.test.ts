import { expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey, openCheckpoint, openCosignatures, parseNoteVerifierKey } from "../src/index.ts";
import { cosign } from "../src/witness-cosignature.ts";
import { CLOCK, ORIGIN } from "./log-fixture.ts";

/** A checkpoint of a public staging log of Certificate Transparency with cosignatures of public witnesses, and two of
 *  the keys (also in the tests of sigsum's and of the transparency-dev project's tools). */
const PUBLIC_CHECKPOINT = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`;
const PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

function pinned(verifierKey: string): { name: string; witnessKey: string } {
  const { name = "", keyId } = parseNoteVerifierKey(verifierKey) ?? { keyId: null };
  return { name, witnessKey: keyId ?? "" };
}

const key = await generateKey();
const other = await generateKey();
const name = "witness.example/w1";
const witness = { name, witnessKey: key.keyId };
const head = { size: 12, rootHash: new Uint8Array(32).fill(3) };

async function cosigned(): Promise<{ body: string; text: string; line: string }> {
  const { text } = await signCheckpoint(ORIGIN, head, other);
  const body = text.slice(0, text.indexOf("\n\n") + 1);
  return { body, text, line: await cosign(body, name, key, CLOCK.now()) };
}

test("verifies log and witness of a public checkpoint, and no changed one", async () => {
  const remora = pinned(PUBLIC_WITNESS);
  const log = pinned(PUBLIC_LOG);
  expect(await openCosignatures(PUBLIC_CHECKPOINT, [remora])).toEqual([
    { ...remora, at: new Date(0x6a12_2120 * 1_000) },
  ]);
  const identity = { origin: log.name, logKey: log.witnessKey };
  expect((await openCheckpoint(PUBLIC_CHECKPOINT, identity)).size).toBe(1_432_088_532);
  const changed = PUBLIC_CHECKPOINT.replace("1432088532", "1432088533");
  expect(await openCosignatures(changed, [remora])).toEqual([]);
  await expect(openCheckpoint(changed, identity)).rejects.toMatchObject({ code: "ERR_LOG" });
});

test("a cosignature holds under its witness's name and key, over its checkpoint, at its time", async () => {
  const { text, line } = await cosigned();
  const at = new Date("2026-01-02T03:04:05Z");
  expect(await openCosignatures(text + line, [witness])).toEqual([{ ...witness, at }]);
  expect(await openCosignatures(text, [witness])).toEqual([]);
  expect(await openCosignatures(text + line, [{ name: "witness.example/w2", witnessKey: key.keyId }])).toEqual([]);
  expect(await openCosignatures(text + line, [{ name, witnessKey: other.keyId }])).toEqual([]);
  expect(await openCosignatures(text.replace("\n12\n", "\n13\n") + line, [witness])).toEqual([]);
  expect((await openCheckpoint(text + line, { origin: ORIGIN, logKey: other.keyId })).size).toBe(12);
});

test("no byte of a cosignature can be changed", async () => {
  const { text, line } = await cosigned();
  const [, , encoded = ""] = line.trim().split(" ");
  const bytes = Buffer.from(encoded, "base64");
  expect(bytes).toHaveLength(4 + 8 + 64);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(await openCosignatures(`${text}— ${name} ${changed.toString("base64")}\n`, [witness])).toEqual([]);
  }
  for (const length of [4, 8, 12, 75]) {
    const short = `${text}— ${name} ${bytes.subarray(0, length).toString("base64")}\n`;
    expect(await openCosignatures(short, [witness])).toEqual([]);
  }
});

test("a witness counts once, and a wrong line of its key does not hide the right one", async () => {
  const { text, line } = await cosigned();
  const wrong = await cosign("another\n1\nroot\n", name, key, CLOCK.now());
  expect(await openCosignatures(text + line + line, [witness])).toHaveLength(1);
  expect(await openCosignatures(text + wrong + line, [witness])).toHaveLength(1);
});

test("the log's own signature is no cosignature, even when a witness has the log's key and name", async () => {
  const { text } = await cosigned();
  expect(await openCosignatures(text, [{ name: ORIGIN, witnessKey: other.keyId }])).toEqual([]);
});
