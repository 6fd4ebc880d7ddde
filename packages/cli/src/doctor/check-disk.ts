/** The disk: room for an import, writing, durable writing.
 *  @module */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { sizeOnDisk } from "@sluice/evidence/observe";
import type { DataDirectory } from "./data-directory.ts";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const GIGABYTE = 2 ** 30;
/** An import writes the table beside the old one and spills: three times what is stored, and a gigabyte at least. */
const IMPORT_FACTOR = 3;

/** Checks the disk under `data`. Writes one file and removes it. */
export async function checkDisk(data: DataDirectory, machine: Machine): Promise<Finding[]> {
  return [await checkRoom(data.directory, machine), await checkWriting(data.directory)];
}

async function checkRoom(directory: string, machine: Machine): Promise<Finding> {
  const needed = Math.max(GIGABYTE, IMPORT_FACTOR * (await sizeOnDisk(directory)));
  const free = await machine.freeBytes(directory);
  const fact = `${(free / GIGABYTE).toFixed(1)} GiB free; an import may need ${(needed / GIGABYTE).toFixed(1)} GiB`;
  const en = "free some space, or move the directory to a larger disk while nothing runs in it";
  const zh = "清理磁盘空间，或在停止运行后把目录移到更大的磁盘";
  if (free < needed) return failure("disk", fact, en, zh);
  return free < 2 * needed ? warning("disk", fact, en, zh) : well("disk", fact);
}

async function checkWriting(directory: string): Promise<Finding> {
  const file = join(directory, `.sluice-doctor-${process.pid}`);
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile("sluice doctor\n");
      await handle.sync();
    } finally {
      await handle.close();
      await rm(file, { force: true });
    }
    return well("disk", "can be written, and fsync works");
  } catch {
    return failure(
      "disk",
      `${directory} cannot be written durably`,
      "run as the directory's owner, on a local disk that honours fsync",
      "以目录所有者身份运行，并使用支持 fsync 的本地磁盘",
    );
  }
}
