/** What a child has of its parent's environment, without namespaces: nothing, and UTC in the place of the host's time zone.
 *  @module */
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { startProcess } from "../src/launch.ts";

test("a child's environment names UTC and nothing else, so that no job reads the time zone of the host", async () => {
  const told = "[process.env, new Date(0).getHours(), Intl.DateTimeFormat().resolvedOptions().timeZone]";
  const args = ["-e", `process.stdout.write(JSON.stringify(${told}))`];
  const child = startProcess({ program: process.execPath, args, filter: undefined });
  child.stdin.end();
  expect(JSON.parse(await text(child.stdout))).toEqual([{ TZ: "UTC" }, 0, "UTC"]);
});
