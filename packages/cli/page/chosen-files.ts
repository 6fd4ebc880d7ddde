/** What a person chose or dropped, as a folder that the verifier reads.
 *  @module */
import type { EvidenceFolder, FolderEntry } from "@sluice/evidence/verify";
import type { Bytes } from "@sluice/protocol";

/** Files by their path from the folder. */
export interface Chosen {
  readonly name: string;
  readonly files: ReadonlyMap<string, File>;
}

/** The files of an `<input>`: a folder without its own name in the paths, or loose files. */
export function chosenFiles(list: FileList): Chosen {
  const files = new Map<string, File>();
  let name = "";
  for (const file of list) {
    const path = file.webkitRelativePath;
    if (path !== "") name = path.slice(0, path.indexOf("/"));
    files.set(path === "" ? file.name : path.slice(path.indexOf("/") + 1), file);
  }
  return { name, files };
}

/** What was dropped: one folder, or loose files. Must be called while the event is handled. */
export async function droppedFiles(transfer: DataTransfer): Promise<Chosen> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const [first] = entries;
  const files = new Map<string, File>();
  if (entries.length === 1 && first !== undefined && isDirectory(first)) {
    await walk(first, "", files);
    return { name: first.name, files };
  }
  for (const entry of entries) if (isFile(entry)) files.set(entry.name, await fileOf(entry));
  return { name: "", files };
}

async function walk(directory: FileSystemDirectoryEntry, prefix: string, files: Map<string, File>): Promise<void> {
  const reader = directory.createReader();
  // A reader gives some entries at a time, and none at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const entry of batch) {
      const path = `${prefix}${entry.name}`;
      if (isDirectory(entry)) await walk(entry, `${path}/`, files);
      else if (isFile(entry)) files.set(path, await fileOf(entry));
    }
  }
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Reads the chosen files. */
export function browserFolder({ name, files }: Chosen): EvidenceFolder {
  const below = entriesByDirectory(files.keys());
  return {
    name,
    list: (directory) => Promise.resolve(below.get(directory) ?? []),
    read: async (path) => {
      const file = files.get(path);
      return file === undefined ? null : new Uint8Array(await file.arrayBuffer());
    },
    async *stream(path): AsyncGenerator<Bytes> {
      const file = files.get(path);
      if (file === undefined) throw new Error("no such file");
      const reader = file.stream().getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    },
  };
}

/** Everything below each directory, at any depth: receipts ask for a few directories very often. */
function entriesByDirectory(paths: Iterable<string>): Map<string, FolderEntry[]> {
  const below = new Map<string, FolderEntry[]>();
  for (const path of paths) {
    const entry = { path, isFile: true };
    for (let end = path.lastIndexOf("/"); ; end = path.lastIndexOf("/", end - 1)) {
      const directory = end <= 0 ? "" : path.slice(0, end);
      const entries = below.get(directory);
      if (entries === undefined) below.set(directory, [entry]);
      else entries.push(entry);
      if (directory === "") break;
    }
  }
  return below;
}
