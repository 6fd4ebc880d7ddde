/** Making a gateway's directory.
 *  @module */
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { expect, test } from "vitest";
import { initGateway } from "../src/index.ts";
import { clock, random, testDirectory } from "./directories.ts";

const { keyId: agencyKey } = await generateKey();
const options = { agencyKey, clock, random };

test("a new gateway has keys that only its owner reads, and says which to pin", async () => {
  const directory = join(await testDirectory(), "deep", "gateway");
  const identity = await initGateway(directory, { ...options, origin: "city.example/gateway" });
  expect(identity.logOrigin).toBe("city.example/gateway");
  for (const file of ["keys/gateway.key", "keys/log.key", "keys/log-sm2.key", "config.json"]) {
    expect({ file, mode: (await stat(join(directory, file))).mode & 0o777 }).toEqual({ file, mode: 0o600 });
  }
  const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as object;
  expect(config).toMatchObject({ agencyKey, ...identity });
});

test("doing it twice changes nothing; another agency is refused", async () => {
  const directory = await testDirectory();
  const identity = await initGateway(directory, options);
  expect(await initGateway(directory, options)).toEqual(identity);
  const other = await generateKey();
  await expect(initGateway(directory, { ...options, agencyKey: other.keyId })).rejects.toMatchObject({
    code: "ERR_DIRECTORY_STATE",
  });
});

test("a directory with anything else in it is refused and left as it was", async () => {
  const directory = await testDirectory();
  await writeFile(join(directory, "thesis.txt"), "");
  await expect(initGateway(directory, options)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  await expect(stat(join(directory, "keys"))).rejects.toMatchObject({ code: "ENOENT" });
  await expect(stat(join(directory, "lock"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("an initialisation that was cut off is done again with fresh keys", async () => {
  const directory = await testDirectory();
  const first = await initGateway(directory, options);
  await rm(join(directory, "config.json"));
  await writeFile(join(directory, "config.json.new"), "{");
  const second = await initGateway(directory, options);
  expect(second.gatewayKey).not.toBe(first.gatewayKey);
});

test("a file in place of the directory, a damaged configuration and malformed options give one coded error each", async () => {
  const directory = await testDirectory();
  const file = join(directory, "file");
  await writeFile(file, "");
  await expect(initGateway(file, options)).rejects.toMatchObject({ code: "ERR_DIRECTORY_UNWRITABLE" });
  const damaged = join(directory, "damaged");
  await mkdir(damaged);
  await writeFile(join(damaged, "config.json"), "{}");
  await expect(initGateway(damaged, options)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  const fresh = join(directory, "fresh");
  await expect(initGateway(fresh, { ...options, agencyKey: "key" })).rejects.toMatchObject({
    code: "ERR_BODY_INVALID",
  });
  await expect(initGateway(fresh, { ...options, origin: "not an origin" })).rejects.toMatchObject({
    code: "ERR_BODY_INVALID",
  });
  await expect(stat(fresh)).rejects.toMatchObject({ code: "ENOENT" });
});
