/** `sluice witness`: a witness is made, follows a log over HTTP, and remembers; `sluice verify` asks for its word. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@sluice/client";
import { askWitnesses, generateKey, openCosignatures, openLog, type WitnessOutcome } from "@sluice/evidence";
import { startGateway } from "@sluice/gateway";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";
import { entryOf, logOf, ORIGIN } from "./log-server.ts";
import { startCommand } from "./running-command.ts";

const long = test.runIf(process.env["SLOW"] === "1");

type Made = { name: string; witnessKey: string; verifierKey: string };

/** A witness that follows `logs`. */
async function witness(directory: string, name: string, logs: { origin: string; logKey: string }[]): Promise<Made> {
  const { code, stdout, stderr } = await sluice(["witness", "init", directory, "--name", name, "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const file = join(directory, "config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, logs }));
  return JSON.parse(stdout) as Made;
}

test("`witness init` prints the line of a policy and never makes a second key", async () => {
  const directory = join(await temporaryDirectory(), "w");
  const init = () => sluice(["witness", "init", directory, "--name", "witness.example/w1"]);
  const { stdout } = await init();
  expect(stdout).toMatch(
    /\nIn a policy: witness witness\.example\/w1 witness\.example\/w1\+[0-9a-f]{8}\+B[\w+/]+=* URL\n$/,
  );
  expect((await readdir(directory)).toSorted()).toEqual(["config.json", "heads", "witness.key"]);
  expect(await init()).toMatchObject({ code: 1, stderr: expect.stringContaining("ERR_CONFLICT") as string });
  const bad = await sluice(["witness", "init", `${directory}2`, "--name", "a b"]);
  expect(bad.code).toBe(2);
  const missing = await sluice(["witness", "start", `${directory}3`]);
  expect(missing.stderr).toMatch(/^error ERR_DIRECTORY_STATE: .+\nwhat to do: .*sluice witness init.*\n$/);
});

test("a witness cosigns a log as it grows, also after a restart, and never a fork of it", async () => {
  const root = await temporaryDirectory();
  const key = await generateKey();
  const log = await logOf(join(root, "log"), key, 5);
  const { name, witnessKey } = await witness(join(root, "w"), "w1.example", [{ origin: ORIGIN, logKey: key.keyId }]);
  const outcomes: WitnessOutcome[] = [];
  const submit = async (url: string, from: typeof log): Promise<number> => {
    const cosign = askWitnesses([{ name, witnessKey, url }], { fetch, onOutcome: (one) => outcomes.push(one) });
    const checkpoint = await from.checkpoint();
    const consistency = (size: number) => from.consistency(size, checkpoint.size);
    const text = await cosign(checkpoint, { consistency, signal: new AbortController().signal });
    return (await openCosignatures(text, [{ name, witnessKey }])).length;
  };
  const first = await startCommand(["witness", "start", join(root, "w")]);
  expect(await submit(first.url, log)).toBe(1);
  const locked = await sluice(["witness", "start", join(root, "w")]);
  expect(locked.stderr).toContain("ERR_DIRECTORY_LOCKED");
  expect(await first.stop()).toBe(0);

  await log.append(entryOf(5));
  const second = await startCommand(["witness", "start", join(root, "w")]);
  expect(await submit(second.url, log)).toBe(1);
  const fork = await logOf(join(root, "fork"), key, 3, 4);
  expect(await submit(second.url, fork)).toBe(0);
  const back = await logOf(join(root, "back"), key, 4);
  expect(await submit(second.url, back)).toBe(0);
  // It shows what it cosigned, as the log signed it, to whoever it speaks against.
  const shown = (await log.checkpoint()).text;
  expect(outcomes).toEqual([
    { witness: name, outcome: "cosigned" },
    { witness: name, outcome: "cosigned" },
    { witness: name, outcome: "inconsistent", checkpoint: shown },
    { witness: name, outcome: "ahead", size: 6, checkpoint: shown },
  ]);
  const post = (path: string, body: string) => fetch(`${second.url}${path}`, { method: "POST", body });
  expect((await fetch(`${second.url}/add-checkpoint`)).status).toBe(405);
  expect((await post("/other", "")).status).toBe(404);
  expect((await fetch(`${second.url}/checkpoint/${"0".repeat(64)}`)).status).toBe(404);
  expect((await post("/add-checkpoint", "old 0\n")).status).toBe(400);
  expect((await post("/add-checkpoint", "x".repeat(100_000))).status).toBe(413);
});

test("a witness whose memory is damaged cosigns nothing", async () => {
  const root = await temporaryDirectory();
  const key = await generateKey();
  const log = await logOf(join(root, "log"), key, 2);
  await witness(join(root, "w"), "w1.example", [{ origin: ORIGIN, logKey: key.keyId }]);
  const { url, stop } = await startCommand(["witness", "start", join(root, "w")]);
  const { text } = await log.checkpoint();
  const add = () => fetch(`${url}/add-checkpoint`, { method: "POST", body: `old 0\n\n${text}` });
  expect((await add()).status).toBe(200);
  expect((await add()).status).toBe(409);
  const [head = ""] = await readdir(join(root, "w", "heads"));
  await writeFile(join(root, "w", "heads", head), "{}");
  expect((await add()).status).toBe(500);
  await stop();
});

test("`verify --policy` names who cosigned each log, and fails when that is not enough", async () => {
  const root = await temporaryDirectory();
  const evidence = join(root, "evidence");
  await writeEvidenceDirectory(evidence, 4);
  const trust = JSON.parse(await readFile(join(evidence, "trust.json"), "utf8")) as {
    domains: { hrss: { logKey: string; logOrigin: string } };
  };
  const { logKey, logOrigin } = trust.domains.hrss;
  const w1 = await witness(join(root, "w1"), "w1.example", [{ origin: logOrigin, logKey }]);
  const w2 = await witness(join(root, "w2"), "w2.example", []);
  const { url } = await startCommand(["witness", "start", join(root, "w1")]);
  const checkpointFile = join(evidence, "logs/hrss/checkpoint");
  const text = await readFile(checkpointFile, "utf8");
  const answer = await fetch(`${url}/add-checkpoint`, { method: "POST", body: `old 0\n\n${text}` });
  await writeFile(checkpointFile, text + (await answer.text()));

  const policy = join(root, "policy");
  const verify = async (quorum: string) => {
    await writeFile(policy, `witness a ${w1.verifierKey}\nwitness b ${w2.verifierKey}\n${quorum}\n`);
    return await sluice(["verify", evidence, "--policy", policy]);
  };
  const none = await verify("quorum none");
  expect(none.code).toBe(0);
  expect(none.stdout).toMatch(/^log hrss +1 +1 +4 entries, sluice\/domain\/hrss, cosigned by w1\.example$/m);
  expect(none.stdout).toMatch(/^log gateway .+, cosigned by nobody$/m);
  const any = await verify("group g any a b\nquorum g");
  expect(any.code).toBe(1);
  expect(any.stdout).toMatch(/^log hrss +1 +1 /m);
  expect(any.stdout).toMatch(/^log gateway +1 +0 /m);
  expect(any.stderr).toMatch(/^first failing file: logs\/gateway\/checkpoint\nerror ERR_LOG: .+lacks cosignatures/);
  const all = await verify("group g all a b\nquorum g");
  expect(all.stdout).toMatch(/^log hrss +1 +0 +4 entries, /m);
  expect(await verify("quorum c")).toMatchObject({ code: 1, stderr: expect.stringContaining("line 3") as string });
});

long("a gateway with a policy file beside its configuration shows what its witness cosigned", async () => {
  const root = await temporaryDirectory();
  const directory = join(root, "gateway");
  const { keyId } = await generateKey();
  const made = await sluice(["gateway", "init", directory, "--agency-key", keyId, "--plain-keys", "--json"]);
  const { logOrigin: origin, logKey } = JSON.parse(made.stdout) as { logOrigin: string; logKey: string };
  const { name, witnessKey, verifierKey } = await witness(join(root, "w"), "w1.example", [{ origin, logKey }]);
  const { url } = await startCommand(["witness", "start", join(root, "w")]);
  await writeFile(join(directory, "witnesses.policy"), `witness a ${verifierKey} ${url}\nquorum a\n`);
  const gateway = await startGateway(directory, { publishIntervalMs: 50 });
  const shown = async () => await (await fetch(`${gateway.url}/log/checkpoint`)).text();
  await expect.poll(async () => (await openCosignatures(await shown(), [{ name, witnessKey }])).length).toBe(1);
  await gateway.close();
});

test("a log opens again in its directory with what a witness added", async () => {
  const root = await temporaryDirectory();
  const key = await generateKey();
  const log = await openLog(root, { origin: ORIGIN, key, clock: systemClock });
  await log.close();
  const text = await readFile(join(root, "checkpoint"), "utf8");
  await writeFile(join(root, "checkpoint"), `${text}— w1.example AAAAAAA=\n`);
  await (await openLog(root, { origin: ORIGIN, key, clock: systemClock })).close();
  expect(await readFile(join(root, "checkpoint"), "utf8")).toContain("— w1.example");
});
