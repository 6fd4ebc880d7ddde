/** Commands of a gateway: it is made once, and serves a client of the agency until it is interrupted.
 *  @module */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@sluice/client";
import { generateKey, signDocument } from "@sluice/evidence";
import { isSluiceError } from "@sluice/protocol";
import { expect, test } from "vitest";
import { runCommandLine } from "../src/command-line.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const long = test.runIf(process.env["SLOW"] === "1");

test("`gateway init` prints what others pin, and refuses a directory that holds something else", async () => {
  const root = await temporaryDirectory();
  const { keyId } = await generateKey();
  const init = (directory: string) => sluice(["gateway", "init", directory, "--agency-key", keyId, "--plain-keys"]);
  const { code, stdout, stderr } = await init(join(root, "gateway"));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^gateway key +ed25519:.{43}\nlog key +ed25519:.{43}\nlog SM2 key +sm2:.{44}\nlog origin +sluice\.gateway\//m,
  );
  expect(stdout).not.toContain("PRIVATE");

  await writeFile(join(root, "something"), "");
  const refused = await init(root);
  expect(refused.stderr).toMatch(/^error ERR_DIRECTORY_STATE: .+\nwhat to do: .+\n$/);
  expect(refused.code).toBe(1);
  expect((await readdir(root)).toSorted()).toEqual(["gateway", "something"]);

  const missing = await sluice(["gateway", "start", join(root, "none")]);
  expect(missing.stderr).toMatch(/^error ERR_DIRECTORY_STATE: .+\nwhat to do: .*sluice gateway init.*\n$/);
});

long("a gateway answers the client of the agency, and stops when it is interrupted", async () => {
  const directory = join(await temporaryDirectory(), "gateway");
  const [agency, bank] = [await generateKey(), await generateKey()];
  const init = await sluice(["gateway", "init", directory, "--agency-key", agency.keyId, "--plain-keys", "--json"]);
  const { gatewayKey, logKey, logOrigin } = JSON.parse(init.stdout) as Record<
    "gatewayKey" | "logKey" | "logOrigin",
    string
  >;
  const interrupt = new AbortController();
  const listening = Promise.withResolvers<string>();
  const ended = runCommandLine(["gateway", "start", directory, "--json"], {
    stdout: { write: (text) => listening.resolve(text) },
    stderr: { write: (text) => listening.reject(new Error(text)) },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: interrupt.signal,
  });
  const { url } = JSON.parse(await listening.promise) as { url: string };
  const trust = { domains: {}, gateway: { key: gatewayKey, logKey, logOrigin }, agencyKey: agency.keyId };
  const client = createClient({ gatewayUrl: url, key: agency, trust });
  const party = await signDocument(
    {
      type: "party" as const,
      party: "bank",
      title: "A bank",
      role: "caller" as const,
      keyId: bank.keyId,
      status: "active" as const,
      at: new Date().toISOString(),
    },
    agency,
  );
  expect(await client.putParty(party)).toEqual(party);
  expect(await client.parties()).toEqual([party]);
  expect(await client.products()).toEqual([]);
  expect(await client.catalogue()).toEqual([]);

  const caller = createClient({ gatewayUrl: url, key: bank, trust });
  const forged: unknown = await caller
    .putParty(await signDocument({ ...party.body, status: "suspended" as const }, bank))
    .catch((error: unknown) => error);
  expect(isSluiceError(forged, "ERR_SIGNATURE", "ERR_ROLE") && forged.refusedBy).toBe("gateway");
  const unknown: unknown = await caller.openLookup("nothing").catch((error: unknown) => error);
  expect(isSluiceError(unknown, "ERR_NOT_FOUND")).toBe(true);

  interrupt.abort();
  expect(await ended).toBe(0);
});
