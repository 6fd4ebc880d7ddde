/** Folders of what products serve from: a lookup index, a prepared set, a report. They stay in the domain, sealed; each is
 *  named by the state that serves it, after it was written whole.
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { toHex, type Bytes } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { ServedProduct } from "../state/work.ts";
import type { DomainContext } from "./context.ts";
import { recordEvent } from "./events.ts";

/** Folder of the indexes below a domain's directory. */
const INDEXES = "indexes";
/** Folder of what indexes were built from, where a later build needs it: rows of the domain, from which nothing is served. */
const CONTENTS = "contents";
/** End of the name of the rows' keys among them. */
const ROW_KEYS = ".rows";

/** Name of a part of what a product serves from. @throws TypeError when it has no folder */
export function servedPart({ index }: Pick<ServedProduct, "index">, part: string): string {
  if (index === null) throw new TypeError("the product has no index");
  return `${INDEXES}/${index}/${part}`;
}

/** Name of a part of the delta table over it. @throws TypeError when it has none */
export function deltaPart({ delta }: Pick<ServedProduct, "delta">, part: string): string {
  return servedPart({ index: delta }, part);
}

/** Name of what the index of `served` was built from. @throws TypeError when it has none */
export function indexContent({ index }: Pick<ServedProduct, "index">): string {
  if (index === null) throw new TypeError("the product has no index");
  return `${CONTENTS}/${index}`;
}

/** Name of the keys of the rows behind it, of a set whose entries are others. @throws TypeError when it has no index */
export function rowKeysContent(served: Pick<ServedProduct, "index">): string {
  return indexContent(served) + ROW_KEYS;
}

/** The run that built what a product serves. @throws TypeError when it has no index */
export function callOfIndex({ index, delta }: Pick<ServedProduct, "index" | "delta">): string {
  const [callId] = (delta ?? index)?.split("-") ?? [];
  if (callId === undefined) throw new TypeError("the product has no index");
  return callId;
}

/** Writes the parts of an index under a name that no index has, and returns that name: a run that was cut off is built again
 *  beside what it left. On any error nothing of it stays. */
export async function writeIndex(
  { files, random }: Pick<DomainContext, "files" | "random">,
  callId: string,
  parts: Readonly<Record<string, Bytes>>,
): Promise<string> {
  const index = `${callId}-${toHex(random.bytes(4))}`;
  try {
    for (const [part, bytes] of Object.entries(parts)) await files.write(`${INDEXES}/${index}/${part}`, bytes);
  } catch (error) {
    await removeIndex(files, index).catch(() => {}); // the next start removes it
    throw error;
  }
  return index;
}

/** Removes the index named `index`, and what it was built from. */
export async function removeIndex(files: SealedFiles, index: string): Promise<void> {
  await files.remove(rowKeysContent({ index }));
  await files.remove(indexContent({ index }));
  await files.remove(`${INDEXES}/${index}`);
}

/** Removes what builds left that were cut off, and indexes that a later build replaced as the process ended. */
export async function sweepIndexes(context: DomainContext): Promise<void> {
  const served = new Set(context.work.servedIndexes());
  const left = new Set<string>();
  for (const folder of [INDEXES, CONTENTS]) {
    const parent = join(context.directory, folder);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    for (const name of await readdir(parent)) {
      const index = name.endsWith(ROW_KEYS) ? name.slice(0, -ROW_KEYS.length) : name;
      if (!served.has(index)) left.add(index);
    }
  }
  for (const name of left) {
    await recordEvent(context, { kind: "index-removed" });
    await removeIndex(context.files, name);
  }
}
