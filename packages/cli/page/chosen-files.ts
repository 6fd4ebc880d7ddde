/** What a person chose, as a folder that the verifier reads.
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
