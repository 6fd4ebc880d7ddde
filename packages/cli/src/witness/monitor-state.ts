/** What a monitor keeps between two looks: the log, and the checkpoint it saw last.
 *  @module */
import { readFile } from "node:fs/promises";
import { replaceFileDurably } from "@sluice/evidence";
import { CheckpointText, KeyId, Sm2KeyId, SluiceError, utf8 } from "@sluice/protocol";
import { z } from "zod";
import { usage } from "../command.ts";
import { errnoOf } from "../files.ts";
import { NoteName } from "./witness-directory.ts";

/** The state file. */
export const MonitorState = z.strictObject({
  version: z.literal(1),
  origin: NoteName,
  logKey: KeyId,
  logSm2Key: Sm2KeyId.optional(),
  checkpoint: CheckpointText,
});
export type MonitorState = z.infer<typeof MonitorState>;

/** The state in `file`; null when there is no such file. @throws ERR_USAGE when it is damaged: a monitor that forgets
 *  what it saw would find nothing. */
export async function readMonitorState(file: string): Promise<MonitorState | null> {
  try {
    return MonitorState.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return null;
    throw usage(`the state file ${file} is not one of a monitor`, cause);
  }
}

/** Keeps the state. @throws ERR_DIRECTORY_UNWRITABLE */
export async function writeMonitorState(file: string, state: MonitorState): Promise<void> {
  try {
    await replaceFileDurably(file, utf8(`${JSON.stringify(state, null, 2)}\n`));
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: file }, { cause });
  }
}
