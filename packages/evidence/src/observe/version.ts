/** The version of Sluice that runs; all packages have the same.
 *  @module */
import { readFileSync } from "node:fs";
import { z } from "zod";

const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** Version in this package's manifest. */
export const VERSION = z.object({ version: z.string() }).parse(manifest).version;
