/** Step of the build: writes both programs where the published package reads them.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { bundleVerifier } from "./bundle-verifier.ts";

const directory = new URL("../../dist/verifier/", import.meta.url);
await mkdir(directory, { recursive: true });
for (const [name, text] of Object.entries(await bundleVerifier())) await writeFile(new URL(name, directory), text);
