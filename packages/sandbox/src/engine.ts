/** Which isolated-vm is installed, and where its native file lies. Nothing here loads it: only the
 *  single-use child does.
 *  @module */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";

/** Oldest isolated-vm without advisory GHSA-864f-rcv7-6rh4. */
export const MINIMUM_ENGINE_VERSION = "7.0.1";

/** The engine as found. */
export interface Engine {
  readonly version: string;
  /** Path of the native addon that the child loads. */
  readonly addonFile: string;
}

const require = createRequire(import.meta.url);

/** Finds the engine. @throws ERR_SANDBOX_ENGINE when it is absent or older than `MINIMUM_ENGINE_VERSION`. */
export function checkEngine(): Engine {
  let main: string;
  let version: string;
  try {
    main = require.resolve("isolated-vm");
    const manifest: unknown = JSON.parse(readFileSync(require.resolve("isolated-vm/package.json"), "utf8"));
    version = z.object({ version: z.string() }).parse(manifest).version;
  } catch (cause) {
    throw new SluiceError("ERR_SANDBOX_ENGINE", { version: "none", needed: MINIMUM_ENGINE_VERSION }, { cause });
  }
  checkEngineVersion(version);
  try {
    const build = createRequire(main)("node-gyp-build") as { path(directory: string): string };
    return { version, addonFile: build.path(dirname(main)) };
  } catch (cause) {
    throw new SluiceError("ERR_SANDBOX_ENGINE", { version, needed: "a build for this platform" }, { cause });
  }
}

/** @throws ERR_SANDBOX_ENGINE when `version` is older than `MINIMUM_ENGINE_VERSION`, or a pre-release of it. */
export function checkEngineVersion(version: string): void {
  const found = parseVersion(version);
  const needed = parseVersion(MINIMUM_ENGINE_VERSION);
  for (let i = 0; i < 3; i++) {
    const difference = (found[i] ?? -1) - (needed[i] ?? 0);
    if (difference > 0) return;
    if (difference < 0) throw new SluiceError("ERR_SANDBOX_ENGINE", { version, needed: MINIMUM_ENGINE_VERSION });
  }
}

/** Numbers of a version; none for anything else, pre-releases included. */
function parseVersion(version: string): number[] {
  return /^\d+\.\d+\.\d+$/.test(version) ? version.split(".").map(Number) : [];
}
