/** Every sealed file below a domain's directory, whatever part of the domain wrote it: they are known by how they begin.
 *  @module */
import { opendir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { sealedFileFacts, type SealedFacts } from "@sluice/evidence";

/** Folders that hold no sealed files, and may hold very many others. */
const OTHERS: ReadonlySet<string> = new Set(["keys", "log", "anchors", "handover"]);

/** A sealed file, by its name below the directory. */
export interface FoundFile extends SealedFacts {
  readonly name: string;
}

/** Finds them. */
export async function* findSealed(directory: string): AsyncGenerator<FoundFile> {
  for await (const entry of await opendir(directory, { recursive: true })) {
    if (!entry.isFile()) continue;
    const name = relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (OTHERS.has(name.split("/")[0] ?? "")) continue;
    const facts = await sealedFileFacts(join(directory, name));
    if (facts !== null) yield { name, ...facts };
  }
}
