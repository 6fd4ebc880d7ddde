/** Whether sealed tables can be opened here, and how large they may be; for `sluice doctor`.
 *  @module */
import { statfs } from "node:fs/promises";
import { MemoryFiles } from "./memory-files.ts";

/** Room for memory files. @throws ERR_MEMORY_FILES when there can be none */
export async function probeMemoryFiles(directory?: string): Promise<{ directory: string; freeBytes: number }> {
  const memory = await MemoryFiles.open(directory);
  const { bavail, bsize } = await statfs(memory.directory);
  return { directory: memory.directory, freeBytes: bavail * bsize };
}
