/** Folders of what products serve from: a lookup index, a prepared set, a report. They stay in the domain; each is whole
 *  or absent, and is named by the state that serves it.
 *  @module */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { toHex } from "@sluice/protocol";
import type { ServedProduct } from "../state/work.ts";
import type { DomainContext } from "./context.ts";
import { recordEvent } from "./events.ts";

/** Folder of the indexes below a domain's directory. */
const INDEXES = "indexes";

/** Where the index named `name` lies: the state keeps names, so that a directory can be moved. */
export function indexDirectory(context: Pick<DomainContext, "directory">, name: string): string {
  return join(context.directory, INDEXES, name);
}

/** Where `served` lies. @throws TypeError when it has no folder */
export function servedDirectory(context: DomainContext, { product, index }: ServedProduct): string {
  if (index === null) throw new TypeError(`product ${product} has no index`);
  return indexDirectory(context, index);
}

/** A name that no index has; a run that was cut off is built again beside what it left. */
export function newIndexName(context: DomainContext, callId: string): string {
  return `${callId}-${toHex(context.random.bytes(4))}`;
}

/** Removes the index named `name`. */
export async function removeIndex(context: Pick<DomainContext, "directory">, name: string): Promise<void> {
  await rm(indexDirectory(context, name), { recursive: true, force: true });
}

/** Removes what builds left that were cut off, and indexes that a later build replaced as the process ended. */
export async function sweepIndexes(context: DomainContext): Promise<void> {
  const parent = join(context.directory, INDEXES);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const served = new Set(context.work.servedIndexes());
  for (const name of await readdir(parent)) {
    if (served.has(name)) continue;
    await removeIndex(context, name);
    await recordEvent(context, { kind: "index-removed" });
  }
}
