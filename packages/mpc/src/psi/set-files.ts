/** A prepared set on disk: `parameters.json` beside `set.bin`, the PsiSet that a domain serves (ids), or beside
 *  `elements.bin`, which stays in the domain (cardinality). The directory appears under its name complete and durable,
 *  or not at all.
 *  @module */
import {
  canonicalText,
  ELEMENT_BYTES,
  fromUtf8,
  PsiParameters,
  sha256Hex,
  SluiceError,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Name of the PsiSet inside a directory of the variant ids: the file a domain serves to callers. */
export const PSI_SET_FILE = "set.bin";
const ELEMENTS_FILE = "elements.bin";
const PARAMETERS_FILE = "parameters.json";

/** Writes a prepared set. @throws ERR_CONFLICT when `directory` exists. */
export async function writeSet(directory: string, parameters: PsiParameters, set: Bytes): Promise<void> {
  if (await exists(directory)) throw new SluiceError("ERR_CONFLICT", { kind: "set", name: basename(directory) });
  const partial = `${directory}.partial-${randomUUID()}`;
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    const file = parameters.kind === "psi-ids" ? PSI_SET_FILE : ELEMENTS_FILE;
    await writeDurably(join(partial, file), set);
    await writeDurably(join(partial, PARAMETERS_FILE), utf8(canonicalText(parameters)));
    await syncDirectory(partial);
    await rename(partial, directory);
    await syncDirectory(dirname(directory));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Reads the elements of a set of the variant cardinality. @throws ERR_DIRECTORY_STATE when a file is missing or damaged. */
export async function readElements(directory: string): Promise<Bytes> {
  try {
    const text = fromUtf8(await readFile(join(directory, PARAMETERS_FILE)));
    const { paddedItems, set } = PsiParameters.parse(JSON.parse(text));
    const file = await readFile(join(directory, ELEMENTS_FILE));
    const elements = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
    if (elements.length !== paddedItems * ELEMENT_BYTES) throw new Error("the size differs");
    if ((await sha256Hex(elements)) !== set) throw new Error("the digest differs");
    return elements;
  } catch (cause) {
    const facts = { directory: basename(directory), expected: "an intact set", command: "sluice build" };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

async function writeDurably(file: string, bytes: Bytes): Promise<void> {
  await using handle = await open(file, "wx", 0o600);
  await handle.writeFile(bytes);
  await handle.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}
