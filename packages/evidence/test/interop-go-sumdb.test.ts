import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { generateKey, generateSm2Key, noteVerifierKey, openLog, verifyLogDirectory } from "../src/index.ts";
import { cosign } from "../src/witness-cosignature.ts";
import { compileGoVerifier, type GoVerifier } from "./go-verifier.ts";
import { CLOCK, entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const key = await generateKey();
const sm2Key = await generateSm2Key();
// Every log here has an SM2 line, which Go does not know.
const options = { origin: ORIGIN, key, sm2Key, clock: CLOCK, publishIntervalMs: 0 };
const verifierKey = noteVerifierKey(ORIGIN, key.keyId);

let go: GoVerifier | null = null;

beforeAll(async () => {
  go = await compileGoVerifier();
  if (go !== null) return;
  if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("go and its x/mod are missing");
  process.stdout.write("go or golang-golang-x-mod-dev is missing: the log is not verified by another implementation\n");
});
afterAll(() => go?.close());

/** A log of 600 entries with its checkpoint of 300 in `old`. */
async function build(directory: string, from: number): Promise<{ log: string; old: string }> {
  const path = join(directory, `log-${from}`);
  const old = join(directory, `old-${from}`);
  await using log = await openLog(path, options);
  await Promise.all(entriesOf(0, 256).map((entry) => log.append(entry)));
  await Promise.all(entriesOf(from, from + 44).map((entry) => log.append(entry)));
  await writeFile(old, (await log.publish()).text);
  await Promise.all(entriesOf(1_000, 1_300).map((entry) => log.append(entry)));
  return { log: path, old };
}

async function withLog(
  context: TestContext,
  body: (verifier: GoVerifier, paths: { directory: string; log: string; old: string }) => Promise<void>,
): Promise<void> {
  const verifier = go;
  if (verifier === null) return context.skip();
  await inDirectory(async (directory) => body(verifier, { directory, ...(await build(directory, 256)) }));
}

function serve(directory: string): Promise<Server> {
  const server = createServer((request, response) => {
    readFile(join(directory, request.url ?? "")).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

test("checkpoint, every entry and consistency hold, from the directory and over HTTP", async (context) => {
  await withLog(context, async ({ verify }, { log, old }) => {
    const holds = { ok: true, said: "600 entries, 0 cosignatures, consistent with 300" };
    expect(await verify("-old", old, log, verifierKey)).toEqual(holds);
    await verifyLogDirectory(log, { origin: ORIGIN, logKey: key.keyId, logSm2Key: sm2Key.keyId });
    const server = await serve(log);
    const { port } = server.address() as AddressInfo;
    expect(await verify("-old", old, `http://127.0.0.1:${port}`, verifierKey)).toEqual(holds);
    server.close();
  });
});

test("the cosignature of a witness holds there, and that of another is missed", async (context) => {
  await withLog(context, async ({ verify }, { log }) => {
    const file = join(log, "checkpoint");
    const text = await readFile(file, "utf8");
    const name = "witness.example/w1";
    const [witness, other] = [await generateKey(), await generateKey()];
    await writeFile(file, text + (await cosign(text.slice(0, text.indexOf("\n\n") + 1), name, witness, CLOCK.now())));
    const asked = (keyId: string) => verify("-witness", noteVerifierKey(name, keyId, 4), log, verifierKey);
    expect(await asked(witness.keyId)).toEqual({ ok: true, said: "600 entries, 1 cosignatures" });
    expect(await asked(other.keyId)).toEqual({ ok: false, said: "FAILED: 1 of 2 keys signed" });
  });
});

test("another key, and an empty log", async (context) => {
  await withLog(context, async ({ verify }, { directory, log }) => {
    const other = noteVerifierKey(ORIGIN, (await generateKey()).keyId);
    expect(await verify(log, other)).toEqual({ ok: false, said: "FAILED: note has no verifiable signatures" });
    const empty = join(directory, "empty");
    await (await openLog(empty, options)).close();
    expect(await verify(empty, verifierKey)).toEqual({ ok: true, said: "0 entries, 0 cosignatures" });
  });
});

test.for([
  ["tile/entries/000", 34 * 17 + 5, "entry 17: invalid transparency proof"],
  ["tile/entries/002.p/88", 34 * 87 + 33, "entry 599: invalid transparency proof"],
  ["tile/0/000", 9, "entry 1: invalid transparency proof"],
  ["tile/0/002.p/88", 88 * 32 - 1, "the tiles: downloaded inconsistent tile"],
  ["tile/1/000.p/2", 33, "the tiles: downloaded inconsistent tile"],
  ["checkpoint", 18, "invalid signature for key "],
] as const)("a changed bit in %s at %i is found there too", async ([path, offset, said], context) => {
  await withLog(context, async ({ verify }, { log }) => {
    const bytes = await readFile(join(log, path));
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    await writeFile(join(log, path), bytes);
    expect(await verify(log, verifierKey)).toEqual({ ok: false, said: expect.stringContaining(said) });
  });
});

test("a log that was cut back, and one without its last tile, fail", async (context) => {
  await withLog(context, async ({ verify }, { directory, log, old }) => {
    const cut = join(directory, "cut");
    await cp(log, cut, { recursive: true });
    const newest = join(directory, "newest");
    await cp(join(log, "checkpoint"), newest);
    await cp(old, join(cut, "checkpoint"));
    const failed = { ok: false, said: "FAILED: the log had 600 entries and has 300" };
    expect(await verify("-old", newest, cut, verifierKey)).toEqual(failed);
    await rm(join(log, "tile/entries/002.p"), { recursive: true });
    expect(await verify(log, verifierKey)).toEqual({
      ok: false,
      said: "FAILED: tile/entries/002: no such file",
    });
  });
});

test("a log that was rewritten and signed again is not consistent with the earlier checkpoint", async (context) => {
  await withLog(context, async ({ verify }, { directory, old }) => {
    const fork = await build(directory, 2_000);
    expect((await verify("-old", fork.old, fork.log, verifierKey)).ok).toBe(true);
    const verdict = await verify("-old", old, fork.log, verifierKey);
    expect(verdict).toEqual({ ok: false, said: expect.stringContaining("the earlier checkpoint: ") });
  });
});
