/** Makes one empty database for all test files: creating a cluster costs seconds, copying it does not.
 *  @module */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openState } from "../src/state/open-state.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Directory that holds a migrated, closed `state`. */
    gatewayTemplate: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "gateway-template-"));
  // What a creation that was cut off leaves; `state.test.ts` looks at what became of it.
  await mkdir(join(directory, "state.new"));
  await writeFile(join(directory, "state.new", "PG_VERSION"), "half");
  await (await openState(directory)).close();
  project.provide("gatewayTemplate", directory);
  return () => rm(directory, { recursive: true, force: true });
}
