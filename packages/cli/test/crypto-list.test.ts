/** `sluice crypto list`: what a directory chose, held against the directory's own files.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemRandom } from "@sluice/client";
import { initDomain } from "@sluice/domain";
import { generateSigningKey } from "@sluice/evidence";
import { expect, test } from "vitest";
import { z } from "zod";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const Uses = z.array(z.object({ algorithm: z.string(), national: z.boolean(), keyId: z.string().optional() }));
const Listed = z.object({ homes: z.array(z.object({ home: z.string(), uses: Uses })), builtIn: Uses });

async function domainOf(suite: "ed25519" | "sm2", atRest: "intl" | "sm"): Promise<string> {
  const directory = join(await temporaryDirectory(), "domain");
  const { keyId } = await generateSigningKey(suite);
  const pins = { agencyKey: keyId, departmentKey: keyId, gatewayKey: keyId, recoveryKey: keyId };
  await initDomain(directory, { domain: "health", title: "Health", ...pins, atRest, random: systemRandom });
  return directory;
}

async function list(directory: string) {
  const { code, stdout } = await sluice(["crypto", "list", "--data", directory, "--json"]);
  expect(code).toBe(0);
  return Listed.parse(JSON.parse(stdout));
}

test("every key of a domain's configuration stands in the list, under the algorithm of its suite", async () => {
  for (const [suite, atRest] of [
    ["ed25519", "intl"],
    ["sm2", "sm"],
  ] as const) {
    const directory = await domainOf(suite, atRest);
    const { homes } = await list(directory);
    expect(homes.map(({ home }) => home)).toEqual(["health"]);
    const uses = homes[0]?.uses ?? [];
    const configured = await readFile(join(directory, "domain.json"), "utf8");
    const keys = configured.match(/(?:ed25519|sm2):[A-Za-z0-9_-]+/g) ?? [];
    expect(new Set(keys).size).toBeGreaterThan(3);
    for (const keyId of keys) {
      const national = keyId.startsWith("sm2:");
      expect(uses).toContainEqual(
        expect.objectContaining({ keyId, national, algorithm: national ? "SM2 with SM3" : "Ed25519" }),
      );
    }
    const [, id = ""] = /"id": "([0-9a-f]{16})"/.exec(await readFile(join(directory, "keys/data.json"), "utf8")) ?? [];
    expect(uses).toContainEqual(expect.objectContaining({ keyId: id, national: atRest === "sm" }));
  }
});

test("text names what is commercial cryptography in Chinese and English, and no private key", async () => {
  const directory = await domainOf("sm2", "sm");
  const { code, stdout } = await sluice(["crypto", "list", "--data", directory]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^health\n {2}其他 other {5}凭证/);
  expect(stdout).toMatch(/商密 national {2}静态数据表与索引 tables and indexes at rest\n +SM4-CTR with HMAC-SM3/);
  expect(stdout).toContain("built in 内置\n");
  const { wrapped } = z
    .object({ keys: z.array(z.object({ wrapped: z.string() })) })
    .parse(JSON.parse(await readFile(join(directory, "keys/data.json"), "utf8"))).keys[0] ?? { wrapped: "" };
  expect(wrapped).not.toBe("");
  expect(stdout).not.toContain(wrapped);
});

test("without a directory the built-in algorithms are listed; a directory of something else is refused", async () => {
  const { code, stdout } = await sluice(["crypto", "list", "--json"]);
  expect([code, Listed.parse(JSON.parse(stdout)).homes]).toEqual([0, []]);
  const empty = await sluice(["crypto", "list", "--data", await temporaryDirectory()]);
  expect(empty.code).toBe(1);
  expect(empty.stderr).toContain("ERR_DIRECTORY_STATE");
});
