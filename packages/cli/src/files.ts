/** Reading the files a person names on the command line: each fault is one usage error that names the file.
 *  @module */
import { readFile } from "node:fs/promises";
import { usage } from "./command.ts";
import { parseStrictJson } from "./strict-json.ts";

/** `code` of a system error, for example `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Bytes of `file`. @throws ERR_USAGE naming the file */
export async function readBytesFile(file: string, what: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw usage(`${what} ${file} ${reasonOf(cause)}`, cause);
  }
}

/** Text of `file`. @throws ERR_USAGE naming the file */
export async function readTextFile(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw usage(`${what} ${file} ${reasonOf(cause)}`, cause);
  }
}

/** The value of the JSON file, in which no object names a member twice. @throws ERR_USAGE naming the file */
export async function readJsonFile(file: string, what: string): Promise<unknown> {
  const text = await readTextFile(file, what);
  try {
    return parseStrictJson(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw usage(`${what} ${file} ${cause.message}`, cause);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EISDIR: "is a directory",
  EACCES: "may not be read by this user",
};

function reasonOf(cause: unknown): string {
  return REASONS[errnoOf(cause) ?? ""] ?? "cannot be read";
}
