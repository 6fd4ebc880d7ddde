/** What a person's copy holds is text for a reader, never a formula for an office program.
 *  @module */
import type { ResourceDescription } from "@sluice/protocol";
import { expect, test } from "vitest";
import { copyText } from "../src/subjects/copy-file.ts";

const description: ResourceDescription = {
  domain: "hrss",
  resource: "people",
  title: "=1+1",
  format: "csv",
  source: "people.csv",
  updateFrequency: "once",
  approximateRows: 1,
  fields: [{ name: "note", title: "@SUM(A1)", type: "text", role: "other", grade: "general-1" }],
  snapshot: "0".repeat(64),
  importedAt: "2026-01-01T00:00:00.000Z",
};

test.each([
  ["=cmd|' /C calc'!A0", `"'=cmd|' /C calc'!A0"`],
  ['=HYPERLINK("http://a")', `"'=HYPERLINK(""http://a"")"`],
  ["+86 138", `"'+86 138"`],
  ["-5", "-5"],
  ["-1.5e-3", "-1.5e-3"],
  ["+5", "+5"],
  ["-5+cmd", `"'-5+cmd"`],
  ["@x", `"'@x"`],
  ["\t=1", `"'\t=1"`],
  ["\r=1", `"'\r=1"`],
  ["＝1", `"'＝1"`],
  ["\n=1", `"'\n=1"`],
  ["a=b", "a=b"],
  ["'=1", "'=1"],
  ["two\nlines, quoted", `"two\nlines, quoted"`],
  ["", `""`],
  ["张😀", "张😀"],
])("a cell %j is written as %s", (value, written) => {
  const text = copyText(
    "csv",
    { description, rows: [[value], [null]] },
    { domain: "hrss", at: description.importedAt },
  );
  expect(text).toBe(`\uFEFF"'@SUM(A1) (note)"\r\n${written}\r\n\r\n`);
});

test("a JSON copy holds values as they are: programs read it", () => {
  const text = copyText("json", { description, rows: [["=1"]] }, { domain: "hrss", at: description.importedAt });
  expect(JSON.parse(text)).toMatchObject({ rows: [{ note: "=1" }] });
});
