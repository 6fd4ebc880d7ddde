/** Verifying a log that lies in a directory.
 *  @module */
import type { Checkpoint } from "@sluice/protocol";
import type { LogIdentity } from "./checkpoint.ts";
import { readerOf } from "./durable-files.ts";
import { verifyCheckpointInFiles, verifyLogFiles } from "./log-files.ts";

/** Verifies every entry, tile and the checkpoint below `directory`; see `verifyLogFiles`. @throws ERR_LOG */
export function verifyLogDirectory(
  directory: string,
  trust: LogIdentity,
  options: { signal?: AbortSignal } = {},
): Promise<Checkpoint> {
  return verifyLogFiles(readerOf(directory), trust, options);
}

/** Verifies that a checkpoint seen elsewhere is of the log below `directory`; see `verifyCheckpointInFiles`.
 *  @throws ERR_LOG */
export function verifyCheckpointInDirectory(directory: string, text: string, trust: LogIdentity): Promise<void> {
  return verifyCheckpointInFiles(readerOf(directory), text, trust);
}
