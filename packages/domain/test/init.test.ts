/** What a domain pins at its creation.
 *  @module */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, generateSigningKey } from "@sluice/evidence";
import { expect, onTestFinished, test } from "vitest";
import { initDomain } from "../src/index.ts";

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

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
