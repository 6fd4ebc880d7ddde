/** A domain that is killed at every stage of one build, one after another. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { decodeLabelRecord, decodeLookupRecord, fromUtf8 } from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import { oprfInput } from "../../mpc/src/lookup/context.ts";
import { lookupContext } from "../../mpc/src/lookup/server.ts";
import { deriveKeyPair, evaluateMany } from "../../mpc/src/oprf/server.ts";
import { openOutput } from "../../mpc/test/open-row.ts";
import { readConfig } from "../src/config.ts";
import { Keyring } from "../src/keyring.ts";
import { openSealedFiles } from "../src/rest/open-files.ts";
import type { SealedFiles } from "../src/rest/sealed-files.ts";
import { oprfInfo } from "../src/serve/product-keys.ts";
import { StateDatabase } from "../src/state/database.ts";
import { DocumentStore } from "../src/state/documents.ts";
import { WorkStore } from "../src/state/work.ts";
import { KILLED_ROWS } from "./lookup-killed.ts";
import { plainBand, random } from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";
const SCRIPT = fileURLToPath(new URL("lookup-killed.ts", import.meta.url));
/** Stage and percent that the run shows when its process is killed. */
const CUTS = [
  ["checking", 0],
  ["deriving", 0],
  ["deriving", 30],
  ["arranging", 0],
  ["placing", 0],
  ["solving", 0],
  ["hint", 0],
] as const;

/** One life of the domain. Returns its directory, and how it ended. */
async function live(...args: readonly (string | number)[]): Promise<{ home: string; signal: unknown }> {
  const child = spawn(process.execPath, [SCRIPT, ...args.map(String)], { stdio: ["ignore", "pipe", "inherit"] });
  const [written, [, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { home: written.trim(), signal };
}

/** The seed under which the parts of the build are derived; null when there are none. */
async function seedOf(files: SealedFiles): Promise<unknown> {
  const [run] = await readdir(join(files.directory, "builds"));
  if (run === undefined) return null;
  const state = await files.read(`builds/${run}/state`);
  return (JSON.parse(fromUtf8(state)) as { matrixSeed: string }).matrixSeed;
}

test.runIf(slow)(
  "a domain that is killed at every stage of a build goes on each time with what it had derived, and ends with a whole index",
  { timeout: 900_000 },
  async () => {
    const [[first], ...cuts] = CUTS;
    const { home, signal } = await live(first, 0);
    onTestFinished(() => rm(dirname(home), { recursive: true, force: true }));
    expect(signal).toBe("SIGKILL");
    const config = await readConfig(home);
    const keyring = await Keyring.open(home, config);
    const files = await openSealedFiles({ directory: home, config, keyring, random });
    const seeds: unknown[] = [];
    for (const [stage, percent] of cuts) {
      expect((await live(stage, percent, home)).signal).toBe("SIGKILL");
      seeds.push(await seedOf(files));
    }
    expect((await live("none", 0, home)).signal).toBeNull();
    expect(await readdir(join(home, "builds"))).toEqual([]);

    const state = new StateDatabase(join(home, "state.sqlite"));
    onTestFinished(() => state.close());
    const served = new WorkStore(state).product("bands", 1);
    const body = served?.snapshot.body;
    if (served === null || body?.type !== "lookup-snapshot") throw new Error("nothing is served");
    const { parameters, vocabulary, grant } = body;
    // No part was made under another seed: each life went on with those of the one before.
    expect(new Set([...seeds, parameters.matrixSeed]).size).toBe(1);
    const held = new DocumentStore(state).grant(grant);
    if (held === null) throw new Error("no grant");
    const database = await files.read(`indexes/${served.index}/database.bin`);
    const keyPair = await deriveKeyPair(keyring.derive("oprf", "lookup"), oprfInfo(held, body));
    const rows = Array.from({ length: KILLED_ROWS / 50 }, (_, i) => 50 * i + (i % 50));
    const context = lookupContext(body);
    const outputs = await evaluateMany(
      keyPair,
      [...rows.map((row) => `P${row}`), "nobody"].map((key) => oprfInput(context, key)),
    );
    const bands = outputs.map((output) => {
      const payload = openOutput({ parameters, database }, output);
      const record = payload === null ? null : decodeLookupRecord(payload);
      return record === null ? null : vocabulary[decodeLabelRecord(record)];
    });
    expect(bands).toEqual([...rows.map((row) => plainBand(row)), null]);
  },
);
