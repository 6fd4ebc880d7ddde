/** The machine's browser, for tests of pages.
 *  @module */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whether chromium is here. Its absence is told once, and is a failure where programs are required. */
export async function chromiumOrSkip(): Promise<boolean> {
  try {
    await run("chromium", ["--version"]);
    return true;
  } catch {
    if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("chromium is missing");
    process.stdout.write("skipped: chromium is missing\n");
    return false;
  }
}

/** Its path. */
export async function chromiumPath(): Promise<string> {
  return (await run("which", ["chromium"])).stdout.trim();
}
