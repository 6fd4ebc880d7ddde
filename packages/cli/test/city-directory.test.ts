/** A directory that holds no city of this version is told so before anything starts, and nothing in it is touched.
 *  @module */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import type { TrustPins } from "@sluice/evidence/verify";
import { beforeAll, expect, test } from "vitest";
import { openGeneratedCity } from "../src/demo/generated-city.ts";
import { readWalkState } from "../src/demo/walk-state.ts";
import { temporaryDirectory } from "./captured-io.ts";

/** What every city has. */
let city: string;
beforeAll(async () => {
  const { keyId } = await generateKey();
  const trust: TrustPins = {
    domains: {},
    gateway: { key: keyId, logKey: keyId, logOrigin: "city.test/log" },
    agencyKey: keyId,
  };
  city = JSON.stringify({ domains: { hrss: "hrss" }, trust });
});

const open = (directory: string): Promise<unknown> =>
  openGeneratedCity(directory, { seed: "a", persons: 2_000 }, () => expect.fail("a city is made"));
const refused = (expected: string): unknown =>
  expect.objectContaining({
    code: "ERR_DIRECTORY_STATE",
    details: expect.objectContaining({ expected, command: "sluice demo --data NEW-DIRECTORY" }) as unknown,
  });

async function directoryOf(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  await mkdir(join(directory, "gateway"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

test.each<[string, (city: string) => Record<string, string>, string]>([
  [
    "an earlier version",
    (city) => ({ "city.json": city, "generated.json": `{"version":1,"seed":"a","persons":2000}` }),
    "a city of this version",
  ],
  [
    "no version",
    (city) => ({ "city.json": city, "generated.json": `{"seed":"a","persons":2000}` }),
    "a city of this version",
  ],
  [
    "a description that was cut off",
    (city) => ({ "city.json": city, "generated.json": `{"version":2,"se` }),
    "a city of this version",
  ],
  ["officers who had not done", (city) => ({ "city.json": city }), "a whole city"],
  ["tables that had not been imported", () => ({}), "a whole city"],
  ["pins that were cut off", (city) => ({ "city.json": city.slice(0, -1) }), "a city"],
])("a city of %s is refused, and stays as it is", async (_, filesOf, expected) => {
  const files = filesOf(city);
  const directory = await directoryOf(files);
  await expect(open(directory)).rejects.toEqual(refused(expected));
  for (const [name, text] of Object.entries(files)) expect(await readFile(join(directory, name), "utf8")).toBe(text);
  expect((await readdir(directory)).filter((name) => name !== "parties").toSorted()).toEqual(
    ["gateway", ...Object.keys(files)].toSorted(),
  );
});

test("products that another version kept, or a kill cut off, are refused; none were kept before the first walk", async () => {
  const directory = await directoryOf({});
  expect(await readWalkState(directory)).toBeNull();
  for (const text of [`{"products":{"a":{}}}`, `{"products":{`]) {
    await writeFile(join(directory, "walk.json"), text);
    await expect(readWalkState(directory)).rejects.toEqual(refused("a city of this version"));
  }
});
