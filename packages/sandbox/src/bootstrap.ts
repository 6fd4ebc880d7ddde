/** The first script of every isolate, as one module without imports.
 *  @module */
import { readFile } from "node:fs/promises";
import { utf8, type Bytes } from "@sluice/protocol";
import { childFile } from "./launch.ts";

/** Reads the files of `child/` that make the script, each after those it imports. */
export async function readBootstrap(): Promise<Bytes> {
  const imported = (["globals.js", "text.js", "shims.js", "rows.js"] as const).map(async (name) =>
    (await readFile(childFile(name), "utf8")).replace(/^export (?=function )/m, ""),
  );
  const main = (await readFile(childFile("bootstrap.js"), "utf8")).replaceAll(/^import .*;$/gm, "");
  return utf8([...(await Promise.all(imported)), main].join("\n"));
}
