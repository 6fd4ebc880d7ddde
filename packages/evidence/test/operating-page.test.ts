/** The operators' page names every event of the log.
 *  @module */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { LogEvent } from "../src/observe/log-event.ts";

test("the operators' page has a row for each event, with each of its members", async () => {
  const page = await readFile(new URL("../../../docs/operating.md", import.meta.url), "utf8");
  const rows = new Map([...page.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map(([, name, row]) => [name, row]));
  for (const { shape } of LogEvent.options) {
    const { event, ...members } = shape;
    const row = rows.get(event.value);
    for (const member of Object.keys(members))
      expect({ event: event.value, row }).toHaveProperty("row", expect.stringContaining(`\`${member}\``));
    expect(row).toBeDefined();
  }
  expect(LogEvent.options).toHaveLength(11);
});
