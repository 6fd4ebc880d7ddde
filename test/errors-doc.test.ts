/** The page of errors says what the code says.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ERROR_CATALOGUE, isErrorCode } from "@sluice/protocol";
import { expect, test } from "vitest";
import { placeholders, renderErrorsPage } from "./errors-page.ts";
import { REMEDIES_ZH } from "./errors-zh.ts";
import { packageSources, ROOT } from "./source-files.ts";

test("docs/errors.md is what `npm run docs` writes", () => {
  expect(readFileSync(join(ROOT, "docs", "errors.md"), "utf8")).toBe(renderErrorsPage());
});

test("each code has a Chinese remedy with the placeholders of the English one", () => {
  for (const [code, { remedy }] of Object.entries(ERROR_CATALOGUE)) {
    const chinese = isErrorCode(code) ? REMEDIES_ZH[code] : "";
    expect(chinese, code).toBeTruthy();
    expect(placeholders(chinese), code).toEqual(placeholders(remedy));
  }
  expect(Object.keys(REMEDIES_ZH).toSorted()).toEqual(Object.keys(ERROR_CATALOGUE).toSorted());
});

test("every code in the sources is in the catalogue, and every code of the catalogue is used", () => {
  const text = packageSources()
    .filter(({ path }) => !path.endsWith("protocol/src/errors.ts"))
    .map((source) => source.text)
    .join("\n");
  const named = new Set(text.match(/\bERR_[A-Z0-9_]+\b/g));
  const foreign =
    /^ERR_(?:MODULE_NOT_FOUND|ACCESS_DENIED|IPC_|SOCKET_|STREAM_|WORKER_|UNKNOWN_FILE_EXTENSION|HTTP_HEADERS_SENT)/;
  expect([...named].filter((code) => !isErrorCode(code) && !foreign.test(code))).toEqual([]);
  expect(Object.keys(ERROR_CATALOGUE).filter((code) => !named.has(code))).toEqual([]);
});
