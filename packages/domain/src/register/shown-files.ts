/** Files of what tables showed, one for each table, in a folder of their own: digests of persons, sealed, that tell nothing
 *  without the domain's master secret. Each is whole or absent.
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { SET_WORDS } from "@sluice/desensitize";
import { SluiceError, toHex, type Random } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { RegisteredOutput } from "../state/output-register.ts";

/** Folder of the files below a domain's directory. */
export const SHOWN_FOLDER = "register";
/** Numbers of earlier tables that one table is held against at most: the guard needs 2 kB for each, 540 MB in all. */
export const MAX_SHOWN_SETS = 262_144;

/** Writes what the table of the run `callId` shows; returns the name, which the state has yet to take. */
export async function writeShown(
  files: SealedFiles,
  { callId, shown, random }: { readonly callId: string; readonly shown: Uint32Array; readonly random: Random },
  signal: AbortSignal,
): Promise<string> {
  const name = `${callId}-${toHex(random.bytes(4))}`;
  const bytes = new Uint8Array(4 * shown.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of shown.entries()) view.setUint32(4 * i, word, true);
  await files.write(`${SHOWN_FOLDER}/${name}`, bytes, { signal });
  return name;
}

/** What the tables of `outputs` showed of persons named by `column`, one after another.
 *  @throws ERR_SEALED_FILE when a file is missing, altered or another's; ERR_REGISTER_FULL when they have more than `limit` numbers */
export async function readShown(
  files: SealedFiles,
  outputs: readonly RegisteredOutput[],
  { column, limit = MAX_SHOWN_SETS }: { readonly column: string; readonly limit?: number },
  signal: AbortSignal,
): Promise<Uint32Array> {
  const parts: Uint32Array[] = [];
  let words = 0;
  for (const { shown, resource, column: own } of outputs) {
    if (shown === null || own !== column) continue;
    const bytes = await files.read(`${SHOWN_FOLDER}/${shown}`, { signal });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const part = Uint32Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(4 * i, true));
    words += part.length;
    if (words > limit * SET_WORDS) throw new SluiceError("ERR_REGISTER_FULL", { resource, limit });
    parts.push(part);
  }
  const all = new Uint32Array(words);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Removes the files that the state does not name: of builds that were cut off. */
export async function sweepShown(files: SealedFiles, named: ReadonlySet<string>): Promise<void> {
  const folder = join(files.directory, SHOWN_FOLDER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) if (!named.has(name)) await files.remove(`${SHOWN_FOLDER}/${name}`);
}
