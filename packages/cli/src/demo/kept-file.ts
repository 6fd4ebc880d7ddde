/** Documents that a city keeps in its directory: one that another version wrote, or that a kill cut off, is no error of its
 *  reader's, who says what to do.
 *  @module */
import { readFile } from "node:fs/promises";
import { SluiceError } from "@sluice/protocol";
import type { z } from "zod";

/** The document in `file`; null when there is none.
 *  @throws ERR_DIRECTORY_STATE with what is `expected` of `directory` when the file holds something else */
export async function readKept<T>(
  file: string,
  schema: z.ZodType<T>,
  { directory, expected }: { readonly directory: string; readonly expected: string },
): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  const kept = schema.safeParse(jsonOf(text));
  if (kept.success) return kept.data;
  throw otherDirectory({ directory, expected });
}

/** What is told of a directory that another version, or nobody, made whole. */
export function otherDirectory(facts: { readonly directory: string; readonly expected: string }): SluiceError {
  return new SluiceError("ERR_DIRECTORY_STATE", { ...facts, command: "sluice demo --data NEW-DIRECTORY" });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
