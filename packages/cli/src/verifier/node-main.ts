/** `verify.mjs`: verifies the folder it is called in, or the one it is given, with nothing but Node. One file is made of
 *  this and of what it imports.
 *  @module */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { verifyFolder } from "@sluice/evidence/verify";
import { diskFolder } from "../verify/disk-folder.ts";
import { stoppedText, verdictText } from "./verdict-text.ts";

const USAGE = "用法 usage: node verify.mjs [文件夹 FOLDER]\n";

// Node 20 warns that Ed25519 of WebCrypto is experimental there; an official would read it as a verdict.
process.removeAllListeners("warning");
process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [directory = "."] = args;
  if (args.length > 1 || directory.startsWith("-")) {
    process.stderr.write(USAGE);
    return 2;
  }
  const own = createHash("sha256").update(await readFile(fileURLToPath(import.meta.url)));
  process.stdout.write(
    `数闸离线核验  Sluice offline verification\n本程序 this program: SHA-256 ${own.digest("hex")}\n`,
  );
  try {
    const report = await verifyFolder(diskFolder(directory));
    process.stdout.write(verdictText(report));
    return report.ok ? 0 : 1;
  } catch (error) {
    process.stderr.write(stoppedText(error));
    return 1;
  }
}
