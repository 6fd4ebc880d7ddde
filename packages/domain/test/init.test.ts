/** What a domain pins at its creation.
 *  @module */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, generateSigningKey } from "@sluice/evidence";
import { LogOrigin } from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import { initDomain } from "../src/index.ts";

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

test("the log of a domain that takes the place of a lost one has an origin of its own, each time", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-init-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { keyId } = await generateKey();
  const pins = { agencyKey: keyId, departmentKey: keyId, recoveryKey: keyId, gatewayKey: keyId };
  const named = { domain: "health", title: "Health", random, ...pins };
  const origins = [(await initDomain(join(directory, "a"), named)).logOrigin];
  for (const home of ["b", "c"]) {
    const again = { ...named, grantsFrom: "2026-01-01T00:00:00.000Z" };
    origins.push((await initDomain(join(directory, home), again)).logOrigin);
  }
  expect(origins[0]).toBe("sluice/domain/health");
  expect(origins[1]).toMatch(/^sluice\/domain\/health\/[0-9a-f]{16}$/);
  expect(new Set(origins).size).toBe(3);
  for (const origin of origins) expect(LogOrigin.parse(origin)).toBe(origin);
});

test("officers and gateway may have keys of either suite; what is no key is refused before anything is written", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-init-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { keyId: sm2 } = await generateSigningKey("sm2");
  const { keyId: ed25519 } = await generateKey();
  const pins = { agencyKey: sm2, departmentKey: ed25519, recoveryKey: sm2, gatewayKey: sm2 };
  const named = { domain: "health", title: "Health", random };
  await expect(initDomain(directory, { ...named, ...pins, gatewayKey: "sm2:short" })).rejects.toMatchObject({
    code: "ERR_BODY_INVALID",
    details: { pointer: "/gatewayKey" },
  });
  expect(await readdir(directory)).toEqual([]);
  expect((await initDomain(directory, { ...named, ...pins })).pins).toEqual(pins);
});
