/** The programs that an export carries: as they were built with this package or, running from source, made now.
 *  @module */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Sha256Hex } from "@sluice/protocol";

/** One program. */
export interface VerifierFile {
  readonly name: "verify.mjs" | "verify.html";
  readonly text: string;
  readonly sha256: Sha256Hex;
}

/** Both programs. The published package holds them beside this module. */
export async function verifierFiles(): Promise<VerifierFile[]> {
  const programs = import.meta.url.endsWith(".ts") ? await makeNow() : await readBuilt();
  return (["verify.mjs", "verify.html"] as const).map((name) => {
    const text = programs[name];
    return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
  });
}

let made: ReturnType<typeof makeNow> | undefined;
async function makeNow(): Promise<Record<VerifierFile["name"], string>> {
  made ??= import("./bundle-verifier.ts").then(({ bundleVerifier }) => bundleVerifier());
  return await made;
}

async function readBuilt(): Promise<Record<VerifierFile["name"], string>> {
  const read = (name: VerifierFile["name"]) => readFile(new URL(name, import.meta.url), "utf8");
  return { "verify.mjs": await read("verify.mjs"), "verify.html": await read("verify.html") };
}
