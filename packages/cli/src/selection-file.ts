/** The file in which a caller keeps a hidden selection: its key, what was sent, and answers to open. Secret, readable by its owner
 *  alone; it is there whole or not at all, and outlives any call.
 *  @module */
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { KeptSelection } from "@sluice/client";
import { fromBase64url, SelectionParameters, SluiceError, toBase64url } from "@sluice/protocol";
import { z } from "zod";
import { usage } from "./command.ts";
import { errnoOf, readJsonFile } from "./files.ts";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const Base64 = z.string().transform((text, context) => {
  try {
    return fromBase64url(text);
  } catch {
    context.addIssue({ code: "custom", message: "base64url" });
    return z.NEVER;
  }
});

const SelectionFile = z.strictObject({
  type: z.literal("kept-selection"),
  version: z.literal(1),
  /** Labels that are selected. */
  groups: z.array(z.string()),
  parameters: SelectionParameters,
  digits: z.array(z.int().min(0).max(6)),
  caller: z.string(),
  frame: Base64,
  secret: Base64,
  answers: z.array(z.strictObject({ epoch: z.string(), request: Base64, answer: Base64 })),
});

/** An answer that waits to be opened. */
export interface KeptAnswer {
  /** State of the data. */
  readonly epoch: string;
  readonly request: Uint8Array;
  readonly answer: Uint8Array;
}

/** What the file holds. */
export interface SelectionRecord {
  readonly groups: readonly string[];
  readonly kept: KeptSelection;
  readonly answers: readonly KeptAnswer[];
}

/** Whether there is such a file. */
export async function selectionFileExists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Reads it. @throws ERR_USAGE when it is none, or others than its owner may read it */
export async function readSelectionFile(path: string): Promise<SelectionRecord> {
  const document = await readJsonFile(path, "selection file");
  const { mode } = await stat(path);
  if ((mode & OTHERS) !== 0) throw usage(`selection file ${path} may be read by others: chmod 600 it`);
  const parsed = SelectionFile.safeParse(document);
  if (!parsed.success) throw usage(`selection file ${path} does not fit its schema at /${placeOf(parsed.error)}`);
  const { groups, parameters, digits, caller, frame, secret, answers } = parsed.data;
  return { groups, kept: { parameters, digits, caller, frame, secret }, answers };
}

/** Writes it, durably, in place of what is there. @throws ERR_DIRECTORY_UNWRITABLE */
export async function writeSelectionFile(path: string, { groups, kept, answers }: SelectionRecord): Promise<void> {
  const document: z.input<typeof SelectionFile> = {
    type: "kept-selection",
    version: 1,
    groups: [...groups],
    parameters: kept.parameters,
    digits: [...kept.digits],
    caller: kept.caller,
    frame: toBase64url(kept.frame),
    secret: toBase64url(kept.secret),
    answers: answers.map(({ epoch, request, answer }) => ({
      epoch,
      request: toBase64url(request),
      answer: toBase64url(answer),
    })),
  };
  const unfinished = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    const file = await open(unfinished, "wx", OWNER_ONLY);
    try {
      await file.writeFile(`${JSON.stringify(document)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    const directory = await open(dirname(path));
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: path }, { cause });
  }
}

function placeOf({ issues }: z.ZodError): string {
  return issues[0]?.path.join("/") ?? "";
}
