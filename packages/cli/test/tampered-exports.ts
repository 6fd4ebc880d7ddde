/** What somebody may do to an export, each with the file that a verifier must name first.
 *  @module */
import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { manifestText, readManifest } from "@sluice/evidence/verify";
import { documentText } from "@sluice/protocol";
import { diskFolder } from "../src/verify/disk-folder.ts";

/** One tampering. `tamper` changes the export in `directory` and gives the path to be named. */
export interface Tampering {
  readonly name: string;
  readonly tamper: (directory: string) => Promise<string>;
}

/** Flips, additions and removals; those `under a new manifest` leave no hash that tells. */
export const TAMPERINGS: readonly Tampering[] = [
  flip("a receipt", /^receipts\//),
  flip("a grant", /^grants\//),
  flip("an event", /^events\//),
  flip("a tile", /^logs\/health\/tile\/0\//),
  flip("an entry bundle", /^logs\/gateway\/tile\/entries\//),
  flip("a checkpoint", /^logs\/health\/checkpoint$/),
  flip("the manifest", /^manifest\.json$/),
  flip("the pinned keys", /^trust\.json$/),
  flip("the verifier", /^verify\.mjs$/),
  forge("a tile", /^logs\/health\/tile\/0\//, "logs/health"),
  forge("an entry bundle", /^logs\/gateway\/tile\/entries\//, "logs/gateway"),
  forge("a checkpoint", /^logs\/health\/checkpoint$/, "logs/health"),
  {
    name: "another product in a receipt, under a new manifest",
    tamper: (directory) =>
      rewrite(directory, /^receipts\//, (text) => text.replace('"product":"credit-label"', '"product":"other"')),
  },
  {
    name: "a grant without its second signature, under a new manifest",
    tamper: (directory) =>
      rewrite(directory, /^grants\//, (text) => {
        const delivery = JSON.parse(text) as { grant: { signatures: unknown[] } };
        delivery.grant.signatures.pop();
        return documentText(delivery);
      }),
  },
  {
    name: "another kind in an event, under a new manifest",
    tamper: (directory) => rewrite(directory, /^events\//, (text) => text.replace('"kind":"start"', '"kind":"erased"')),
  },
  { name: "a receipt removed", tamper: (directory) => remove(directory, /^receipts\//) },
  { name: "the manifest removed", tamper: (directory) => remove(directory, /^manifest\.json$/) },
  {
    name: "a file added",
    tamper: async (directory) => {
      await writeFile(join(directory, "receipts", "note.txt"), "");
      return "receipts/note.txt";
    },
  },
];

/** Paths of all files below `directory`, sorted. */
export async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(directory, join(entry.parentPath, entry.name))).toSorted();
}

/** Makes the manifest anew for the changed `file`, as a forger would. */
export async function renewManifest(directory: string, file: string): Promise<void> {
  const manifest = await readManifest(diskFolder(directory));
  if (manifest === null) throw new Error("an export has a manifest");
  const sha256 = createHash("sha256").update(await readFile(join(directory, file)));
  const files = { ...manifest.files, [file]: sha256.digest("hex") };
  await writeFile(join(directory, "manifest.json"), manifestText({ ...manifest, files }).text);
}

function flip(what: string, pattern: RegExp): Tampering {
  return { name: `a flipped bit in ${what}`, tamper: (directory) => flipBit(directory, pattern) };
}

function forge(what: string, pattern: RegExp, named: string): Tampering {
  const tamper = async (directory: string): Promise<string> => {
    await renewManifest(directory, await flipBit(directory, pattern));
    return named;
  };
  return { name: `a flipped bit in ${what}, under a new manifest`, tamper };
}

async function flipBit(directory: string, pattern: RegExp): Promise<string> {
  const file = await fileLike(directory, pattern);
  const bytes = await readFile(join(directory, file));
  const at = Math.floor(bytes.length / 2);
  await writeFile(join(directory, file), bytes.with(at, (bytes[at] ?? 0) ^ 1));
  return file;
}

async function rewrite(directory: string, pattern: RegExp, change: (text: string) => string): Promise<string> {
  const file = await fileLike(directory, pattern);
  await writeFile(join(directory, file), change(await readFile(join(directory, file), "utf8")));
  await renewManifest(directory, file);
  return file;
}

async function remove(directory: string, pattern: RegExp): Promise<string> {
  const file = await fileLike(directory, pattern);
  await rm(join(directory, file));
  return file;
}

async function fileLike(directory: string, pattern: RegExp): Promise<string> {
  const file = (await filesOf(directory)).find((path) => pattern.test(path));
  if (file === undefined) throw new Error(`the export has no file like ${String(pattern)}`);
  return file;
}
