/** Verifying a log that lies in a directory.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, SluiceError } from "@sluice/protocol";
import type { LogIdentity } from "./checkpoint.ts";
import { readerOf } from "./durable-files.ts";
import { STORED_ENTRY_BYTES } from "./entry-tile.ts";
import { readTile, verifyCheckpointInFiles } from "./log-files.ts";
import { opensslSha256 } from "./openssl-hash.ts";
import { hashesAtLevel, levelCount, tilePath, TILE_WIDTH } from "./tile-path.ts";
import { HASH_BYTES } from "./tree-hash.ts";
import { verifyLogFiles, type VerifiedLog, type VerifyLogOptions } from "./verify-log-files.ts";

/** Verifies every entry, tile and the checkpoint below `directory`; see `verifyLogFiles`. Narrower forms of the last tiles,
 *  which earlier checkpoints had, must be their beginnings. @throws ERR_LOG */
export async function verifyLogDirectory(
  directory: string,
  trust: LogIdentity,
  options: VerifyLogOptions = {},
): Promise<VerifiedLog> {
  const verified = await verifyLogFiles(readerOf(directory), trust, { hash: opensslSha256, ...options });
  for (const level of ["entries", ...Array(levelCount(verified.size)).keys()] as const) {
    await checkNarrower(directory, trust.origin, level, verified.size);
  }
  return verified;
}

async function checkNarrower(directory: string, origin: string, level: number | "entries", size: number) {
  const read = readerOf(directory);
  const stored = hashesAtLevel(level === "entries" ? 0 : level, size);
  const [index, width] = [Math.floor(stored / TILE_WIDTH), stored % TILE_WIDTH];
  if (width === 0) return;
  const [whole, folder] = [
    await readTile(read, { level, index, width }),
    tilePath({ level, index, width: TILE_WIDTH }),
  ];
  const names = await readdir(join(directory, `${folder}.p`)).catch(() => []);
  for (const narrower of names.map(Number).filter((each) => each > 0 && each < width)) {
    const tile = { level, index, width: narrower };
    const length = narrower * (level === "entries" ? STORED_ENTRY_BYTES : HASH_BYTES);
    const bytes = await read(tilePath(tile));
    if (bytes === null || whole === null || bytes.length !== length || !equalBytes(bytes, whole.subarray(0, length))) {
      throw new SluiceError("ERR_LOG", { origin, reason: `${tilePath(tile)} is not the beginning of its tile` });
    }
  }
}

/** Verifies that a checkpoint seen elsewhere is of the log below `directory`; see `verifyCheckpointInFiles`.
 *  @throws ERR_LOG */
export function verifyCheckpointInDirectory(directory: string, text: string, trust: LogIdentity): Promise<void> {
  return verifyCheckpointInFiles(readerOf(directory), text, trust);
}
