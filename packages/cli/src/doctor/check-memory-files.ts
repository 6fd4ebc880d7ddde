/** The memory in which domains open their sealed tables, and what may carry it to a disk.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import { memoryDirectory } from "../memory-directory.ts";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const MEBIBYTE = 2 ** 20;
/** An import holds its file there, and the table beside it. */
const GOOD_FREE_BYTES = 1_024 * MEBIBYTE;

/** Makes a memory file, and asks for swap. */
export async function checkMemoryFiles(machine: Machine): Promise<Finding[]> {
  return [await checkRoom(machine), await checkSwap(machine)];
}

async function checkRoom({ env }: Machine): Promise<Finding> {
  const { probeMemoryFiles } = await import("@sluice/domain");
  const en = "mount a larger tmpfs on it (a container: --shm-size), or name another with SLUICE_MEMORY_DIRECTORY";
  const zh = "为其挂载更大的 tmpfs（容器用 --shm-size），或用 SLUICE_MEMORY_DIRECTORY 指定其他目录";
  try {
    const { directory, freeBytes } = await probeMemoryFiles(memoryDirectory(env));
    const fact = `${Math.floor(freeBytes / MEBIBYTE)} MiB for sealed tables in ${directory}`;
    return freeBytes >= GOOD_FREE_BYTES ? well("memory-files", fact) : warning("memory-files", fact, en, zh);
  } catch (error) {
    if (!isSluiceError(error, "ERR_MEMORY_FILES")) throw error;
    return failure("memory-files", `${String(error.details["directory"])}: ${String(error.details["reason"])}`, en, zh);
  }
}

async function checkSwap(machine: Machine): Promise<Finding> {
  const swaps = await machine.swapSpaces();
  if (swaps === undefined) return well("swap", "not told by this system");
  if (swaps === 0) return well("swap", "none");
  return warning(
    "swap",
    `${swaps}; memory may be written there, with rows and keys in it`,
    "turn swap off on a machine that holds real rows (`swapoff -a`), or encrypt it",
    "存放真实数据的机器应关闭交换分区（`swapoff -a`），或对其加密",
  );
}
