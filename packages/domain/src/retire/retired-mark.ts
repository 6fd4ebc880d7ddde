/** The mark of a domain that is out of use: `retired.json`. It is written before anything is taken away, and stays.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFileDurably } from "@sluice/evidence";
import { Instant, SluiceError, utf8 } from "@sluice/protocol";
import { z } from "zod";

const FILE = "retired.json";
const OWNER_ONLY = 0o600;

const RetiredMark = z.strictObject({
  version: z.literal(1),
  at: Instant,
  /** `closing`: nothing is served any more. `handed-over`: the handover is whole, and logged. `done`: keys and data are gone. */
  step: z.enum(["closing", "handed-over", "done"]),
});
export type RetiredMark = z.infer<typeof RetiredMark>;

/** The mark of `directory`, or null. @throws ERR_DIRECTORY_STATE when it is damaged */
export async function readMark(directory: string): Promise<RetiredMark | null> {
  let text: string;
  try {
    text = await readFile(join(directory, FILE), "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  }
  try {
    return RetiredMark.parse(JSON.parse(text));
  } catch (cause) {
    const facts = { directory, expected: "a readable retired.json", command: "sluice domain retire" };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
}

/** Writes the mark; on disk when this returns. */
export async function writeMark(directory: string, mark: RetiredMark): Promise<void> {
  await replaceFileDurably(join(directory, FILE), utf8(`${JSON.stringify(mark, null, 2)}\n`), OWNER_ONLY);
}

/** Refuses work on a domain that is out of use. @throws ERR_DOMAIN_RETIRED, ERR_DIRECTORY_STATE */
export async function refuseRetired(directory: string, domain: string): Promise<void> {
  const mark = await readMark(directory);
  if (mark !== null) throw new SluiceError("ERR_DOMAIN_RETIRED", { domain, at: mark.at });
}
