/** What somebody may do to an export, each with the file that a verifier must name first.
 *  @module */
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
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
  {
    name: "a grant with a member twice, under a new manifest",
    tamper: (directory) => rewrite(directory, /^grants\//, (text) => text.replace("{", '{"policy":{},')),
  },
  {
    name: "another nonce in a request, under a new manifest",
    tamper: (directory) =>
      rewrite(directory, /^requests\//, (text) =>
        text.replace(/"nonce":"[0-9a-f]{32}"/, `"nonce":"${"0".repeat(32)}"`),
      ),
  },
  {
    name: "another signature in a request, under a new manifest",
    tamper: (directory) =>
      rewrite(directory, /^requests\//, (text) => text.replace(/"value":"[^"]{86}"/, `"value":"${"A".repeat(86)}"`)),
  },
  {
    name: "another of the caller's in a request, under a new manifest",
    tamper: async (directory) => {
      const files = (await filesOf(directory)).filter((path) => path.startsWith("requests/"));
      const keys = await Promise.all(files.map(async (file) => (await requestIn(directory, file)).keyId));
      const second = keys.findIndex((key, i) => keys.indexOf(key) < i);
      const [from, to] = [files[keys.indexOf(keys[second] ?? "")] ?? "", files[second] ?? ""];
      await cp(join(directory, from), join(directory, to));
      await renewManifest(directory, to);
      return to;
    },
  },
  {
    name: "a request of no receipt, under a new manifest",
    tamper: (directory) => copy(directory, /^requests\//, `requests/${"0".repeat(32)}.json`),
  },
  {
    name: "another title in the list of parties, under a new manifest",
    tamper: (directory) => rewrite(directory, /^parties\.json$/, (text) => text.replace(/"title": "/, '"title": "x')),
  },
  {
    name: "a copy of a receipt, under a new manifest",
    tamper: (directory) => copy(directory, /^receipts\//, `receipts/${"0".repeat(32)}.json`),
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

/** Changes a file under a new manifest. */
export async function rewrite(directory: string, pattern: RegExp, change: (text: string) => string): Promise<string> {
  const file = await fileLike(directory, pattern);
  await writeFile(join(directory, file), change(await readFile(join(directory, file), "utf8")));
  await renewManifest(directory, file);
  return file;
}

/** First signature of a request. */
async function requestIn(directory: string, file: string): Promise<{ keyId: string }> {
  const { signatures } = JSON.parse(await readFile(join(directory, file), "utf8")) as {
    signatures: [{ keyId: string }];
  };
  return signatures[0];
}

async function copy(directory: string, pattern: RegExp, to: string): Promise<string> {
  await cp(join(directory, await fileLike(directory, pattern)), join(directory, to));
  await renewManifest(directory, to);
  return to;
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
