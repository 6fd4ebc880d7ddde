/** Writes `docs/errors.md`: `npm run docs`.
 *  @module */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderErrorsPage } from "./errors-page.ts";
import { ROOT } from "./source-files.ts";

writeFileSync(join(ROOT, "docs", "errors.md"), renderErrorsPage());
