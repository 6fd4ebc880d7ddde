import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey, readAnchors } from "../src/index.ts";
import { CLOCK, inDirectory, ORIGIN } from "./log-fixture.ts";

const checkpoint = await signCheckpoint(ORIGIN, { size: 1, rootHash: new Uint8Array(32) }, await generateKey());
const WEBHOOK = { kind: "webhook", name: "chain", url: "https://front.example/anchor", intervalMinutes: 60 };
const TIMESTAMP = { kind: "timestamp", name: "tsa", url: "http://tsa.example/", intervalMinutes: 1, caFile: "ca.pem" };

async function configured(directory: string, ...anchors: object[]) {
  await writeFile(join(directory, "anchors.json"), JSON.stringify({ version: 1, anchors }));
  return readAnchors(directory);
}

test("without the file there is no anchor", async () => {
  await inDirectory(async (directory) => expect(await readAnchors(directory)).toEqual([]));
});

test("a token comes from a file or the environment, is read anew each time, and goes into the header only", async () => {
  await inDirectory(async (directory) => {
    const tokens: (string | undefined)[] = [];
    const faults: unknown[] = [];
    const network = {
      fetch: async (_: string, init: RequestInit) => {
        tokens.push(new Headers(init.headers).get("authorization") ?? undefined);
        expect(JSON.stringify(init.body)).not.toContain("s3cret");
        return new Response("ok");
      },
      random: { bytes: (length: number) => new Uint8Array(length) },
      pause: () => Promise.resolve(),
    };
    for (const token of [{ file: "chain.token" }, { env: "CHAIN_TOKEN" }]) {
      const [anchor] = await configured(directory, { ...WEBHOOK, token });
      const env: Record<string, string> = {};
      const client = anchor?.connect({ network, clock: CLOCK, env });
      for (const text of ["s3cret-1\n", "s3cret-2", "two words", ""]) {
        await writeFile(join(directory, "chain.token"), text);
        env["CHAIN_TOKEN"] = text;
        const outcome = await client?.publish(checkpoint, { signal: new AbortController().signal });
        if (outcome?.kind === "failed") faults.push(outcome.fault);
        expect(JSON.stringify([anchor, client, outcome])).not.toContain("s3cret");
      }
    }
    expect(tokens).toEqual(["Bearer s3cret-1", "Bearer s3cret-2", "Bearer s3cret-1", "Bearer s3cret-2"]);
    expect(faults).toEqual(["token", "token", "token", "token"]);
  });
});

test.each([
  ["another version", { version: 2, anchors: [] }],
  ["no list", { version: 1 }],
  ["an unknown kind", { version: 1, anchors: [{ ...WEBHOOK, kind: "chain" }] }],
  ["an unknown member", { version: 1, anchors: [{ ...WEBHOOK, password: "x" }] }],
  ["a token in the text", { version: 1, anchors: [{ ...WEBHOOK, token: "s3cret" }] }],
  [
    "a token over plain http",
    { version: 1, anchors: [{ ...WEBHOOK, url: "http://front.example/", token: { env: "X" } }] },
  ],
  ["a password in the address", { version: 1, anchors: [{ ...WEBHOOK, url: "https://u:s3cret@front.example/" }] }],
  ["an address that is none", { version: 1, anchors: [{ ...WEBHOOK, url: "not a url", token: { env: "X" } }] }],
  ["another protocol", { version: 1, anchors: [{ ...WEBHOOK, url: "file:///etc/passwd" }] }],
  ["an interval below a minute", { version: 1, anchors: [{ ...WEBHOOK, intervalMinutes: 0.5 }] }],
  ["a name that is no file's name", { version: 1, anchors: [{ ...WEBHOOK, name: "../log" }] }],
  ["one name twice", { version: 1, anchors: [WEBHOOK, WEBHOOK] }],
  ["nine anchors", { version: 1, anchors: Array.from({ length: 9 }, (_, i) => ({ ...WEBHOOK, name: `c${i}` })) }],
  ["a time stamp without CA", { version: 1, anchors: [{ ...TIMESTAMP, caFile: undefined }] }],
  ["a policy that is none", { version: 1, anchors: [{ ...TIMESTAMP, policy: "any" }] }],
  ["a list", []],
])("refuses %s, and repeats nothing of it", async (_, value) => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, "ca.pem"), "");
    await writeFile(join(directory, "anchors.json"), JSON.stringify(value));
    const refused = readAnchors(directory);
    await expect(refused).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
    await expect(refused).rejects.not.toThrow(/s3cret/);
  });
});

test("a CA file that is missing, or holds no certificate, is said at the start", async () => {
  await inDirectory(async (directory) => {
    await expect(configured(directory, TIMESTAMP)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
    await writeFile(join(directory, "ca.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    await expect(configured(directory, TIMESTAMP)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  });
});
