/** Packages that are only measured beside: they have a lockfile of their own and are installed by the first benchmark
 *  that needs one, so that `npm start` and `npm test` never load them.
 *  @module */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));

/** Path of `file` of the package `name`. @throws Error when the peers cannot be installed. */
export function peerFile(name: string, file: string, progress: (line: string) => void): Promise<string> {
  const path = join(PEERS, "node_modules", name, file);
  if (!existsSync(path)) {
    progress("installing the peers");
    const install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", install, { cwd: PEERS, stdio: ["ignore", "inherit", "inherit"] });
    if (status !== 0 || !existsSync(path)) throw new Error(`the peer ${name} could not be installed: see above`);
  }
  return Promise.resolve(path);
}
