/** Sizes on disk.
 *  @module */
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of `path`, a file or a directory with everything below it; 0 when it is not there. */
export async function sizeOnDisk(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return found.size;
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map((file) => fileSize(join(file.parentPath, file.name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

/** Bytes that this user may still write where `directory` lies. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // removed in the meantime
  }
}
