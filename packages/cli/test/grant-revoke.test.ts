import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initDomain, startDomain, type RunningDomain } from "@sluice/domain";
import { exportPrivateKey, generateKey } from "@sluice/evidence";
import { systemRandom } from "@sluice/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sluice } from "./captured-io.ts";

let directory: string;
let domain: RunningDomain;
const grant = "a".repeat(64);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-revoke-"));
  const [recovery, other] = await Promise.all([generateKey(), generateKey()]);
  await writeFile(join(directory, "recovery.key"), await exportPrivateKey(recovery));
  await writeFile(join(directory, "other.key"), await exportPrivateKey(other));
  const { keyId } = await generateKey();
  const pins = { agencyKey: keyId, departmentKey: keyId, gatewayKey: keyId, recoveryKey: recovery.keyId };
  await initDomain(join(directory, "home"), { domain: "test", title: "Test", ...pins, random: systemRandom });
  domain = await startDomain(join(directory, "home"));
});

afterAll(async () => {
  await domain.close();
  await rm(directory, { recursive: true, force: true });
});

const revoke = (key: string, url = domain.url): ReturnType<typeof sluice> => {
  const file = join(directory, key);
  return sluice(["grant", "revoke", grant, "--domain-url", url, "--domain", "test", "--reason", "test", "--key", file]);
};

test("the recovery key revokes at the domain itself", async () => {
  const { code, stdout } = await revoke("recovery.key");
  expect([code, stdout]).toEqual([0, `revoked at ${domain.url}\n`]);
});

test("another key is refused, and a domain that is not there is said to be unreachable", async () => {
  const refused = await revoke("other.key");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("ERR_SIGNATURE");
  const unreachable = await revoke("recovery.key", "http://127.0.0.1:1");
  expect(unreachable.stderr).toContain("ERR_UNREACHABLE");
});
