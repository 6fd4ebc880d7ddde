import { toHex } from "@sluice/protocol";
import { expect, test } from "vitest";
import { generateKey, leafHash, openLog, verifyInclusion } from "../src/index.ts";
import { CLOCK, entriesOf, entryOf, inDirectory, ORIGIN } from "./log-fixture.ts";
import { naiveRoot } from "./naive-tree.ts";

const options = { origin: ORIGIN, key: await generateKey(), clock: CLOCK };

test("an entry counts, is read and is proved as soon as its append returned, before anything else is asked", async () => {
  await inDirectory(async (directory) => {
    await using log = await openLog(directory, options);
    await log.append(entryOf(0));
    expect(log.size).toBe(1);
    await log.append(entryOf(1));
    expect((await log.readEntries(1, 2)).map(toHex)).toEqual([toHex(entryOf(1))]);
    await log.append(entryOf(2));
    const proof = await log.inclusion(2, 3);
    expect(verifyInclusion(leafHash(entryOf(2)), 2, 3, proof, naiveRoot(entriesOf(0, 3)))).toBe(true);
    await log.append(entryOf(3));
    expect(await log.consistency(3, 4)).toHaveLength(3);
    await log.append(entryOf(4));
    expect(await log.checkpoint()).toMatchObject({ size: 5, rootHash: naiveRoot(entriesOf(0, 5)) });
  });
});
