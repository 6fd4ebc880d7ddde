/** Marks a product of a domain, a lookup or a matched set, that is not running for compaction, which its next start does in the background.
 *  @module */
import { join } from "node:path";
import { lockDirectory } from "@sluice/evidence";
import { SluiceError, type Name } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { StateDatabase } from "./state/database.ts";
import { WorkStore } from "./state/work.ts";

/** Marks every version of `product` that is updated by deltas. Returns the versions. @throws ERR_NOT_FOUND when there is none;
 *  ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED */
export async function compactProductOfDomain(directory: string, product: Name): Promise<number[]> {
  await readConfig(directory);
  const lock = await lockDirectory(directory);
  try {
    const db = new StateDatabase(join(directory, "state.sqlite"));
    try {
      const versions = new WorkStore(db).mark(product);
      if (versions.length === 0) throw new SluiceError("ERR_NOT_FOUND", { kind: "updated product", name: product });
      return versions;
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}
