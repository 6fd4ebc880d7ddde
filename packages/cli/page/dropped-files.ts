/** What a person dropped on the page. Chromium gives a page from the disk no entries below a dropped folder, but does give
 *  handles, which other browsers lack.
 *  @module */
import type { Chosen } from "./chosen-files.ts";
import { Unable } from "./unable.ts";

/** The way of the File System Access specification. */
interface WithHandle {
  getAsFileSystemHandle(): Promise<FileSystemFileHandle | FileSystemDirectoryHandle | null>;
}

/** One folder, or loose files. Must be called while the event is handled. @throws what the browser refuses to read, and for a
 *  folder together with something else */
export async function droppedFiles({ items }: DataTransfer): Promise<Chosen> {
  const pending = [...items].map((item) =>
    hasHandle(item) ? item.getAsFileSystemHandle() : Promise.resolve(item.webkitGetAsEntry()),
  );
  const dropped = (await Promise.all(pending)).filter((one) => one !== null);
  const [first] = dropped;
  const files = new Map<string, File>();
  if (dropped.length === 1 && first !== undefined && !isFile(first)) {
    await collect(first, "", files);
    return { name: first.name, files };
  }
  for (const one of dropped) {
    if (!isFile(one))
      throw new Unable({ zh: `${one.name} 是文件夹，请单独拖入`, en: `${one.name} is a folder: drop it alone` });
    files.set(one.name, await fileOf(one));
  }
  return { name: "", files };
}

type Dropped = FileSystemHandle | FileSystemEntry;

function hasHandle(item: object): item is WithHandle {
  return "getAsFileSystemHandle" in item;
}

async function collect(directory: Dropped, prefix: string, files: Map<string, File>): Promise<void> {
  for await (const one of childrenOf(directory)) {
    const path = `${prefix}${one.name}`;
    if (isFile(one)) files.set(path, await fileOf(one));
    else await collect(one, `${path}/`, files);
  }
}

async function* childrenOf(directory: Dropped): AsyncGenerator<Dropped> {
  if ("values" in directory) yield* (directory as FileSystemDirectoryHandle).values();
  if (!("createReader" in directory)) return;
  const reader = (directory as FileSystemDirectoryEntry).createReader();
  // A reader gives some entries at a time, and none at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    yield* batch;
  }
}

function isFile(one: Dropped): one is FileSystemFileHandle | FileSystemFileEntry {
  return "kind" in one ? one.kind === "file" : one.isFile;
}

function fileOf(one: FileSystemFileHandle | FileSystemFileEntry): Promise<File> {
  return "getFile" in one ? one.getFile() : new Promise((resolve, reject) => one.file(resolve, reject));
}
