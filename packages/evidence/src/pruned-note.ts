/** The note by which a log says that it was pruned: which entries are no longer kept, and since when. C2SP tlog-tiles has
 *  pruning (its minimum index) and no file that tells of it, so this is one of ours beside the checkpoint: a signed note by
 *  the log's keys. Hash tiles stay, so that every proof still verifies.
 *  @see https://c2sp.org/tlog-tiles#pruning
 *  @module */
import { fromUtf8, Instant, SluiceError, type Bytes } from "@sluice/protocol";
import type { LogIdentity } from "./checkpoint.ts";
import type { SigningKey } from "./keys-signing.ts";
import type { ReadLogFile } from "./log-files.ts";
import { sm2LineOf, sm2NoteLine } from "./signed-note-sm2.ts";
import { openNote, signNote } from "./signed-note.ts";
import { PRUNED_PATH, TILE_WIDTH } from "./tile-path.ts";

/** First line of the text. The note can be no checkpoint: its second line is no size. */
const CONTEXT = "sluice/log-pruned/v1";
const INDEX = /^[1-9][0-9]{0,15}$/;

/** What is no longer kept. */
export type Pruned = {
  /** Index of the first entry that is kept: a multiple of 256. */
  readonly firstKept: number;
  /** When the entries before it were removed, by the clock of the log. */
  readonly at: Date;
};

/** The text of the note, with the lines of the log's keys. */
export async function signPruned(
  origin: string,
  { firstKept, at }: Pruned,
  key: SigningKey,
  sm2Key?: SigningKey,
): Promise<string> {
  const text = `${CONTEXT}\n${origin}\n${firstKept}\n${at.toISOString()}\n`;
  return (await signNote(text, origin, key)) + (sm2Key === undefined ? "" : await sm2NoteLine(text, origin, sm2Key));
}

/** What the note of a log says. @throws ERR_LOG when it is not one, signed as `trust` asks for */
export async function openPruned(bytes: Bytes, { origin, logKey, logSm2Key }: LogIdentity): Promise<Pruned> {
  const note = textOf(bytes);
  const text = note === null ? null : await openNote(note, origin, logKey);
  const signed =
    note !== null && (logSm2Key === undefined || (await sm2LineOf(note, origin, logSm2Key)) === "valid") ? text : null;
  const [context, name, index = "", instant, ...rest] = signed?.split("\n") ?? [];
  const at = Instant.safeParse(instant);
  const firstKept = Number(index);
  const whole = context === CONTEXT && name === origin && at.success && rest.length === 1;
  if (!whole || !INDEX.test(index) || !Number.isSafeInteger(firstKept) || firstKept % TILE_WIDTH !== 0) {
    throw new SluiceError("ERR_LOG", { origin, reason: `${PRUNED_PATH} is no note of this log` });
  }
  return { firstKept, at: new Date(at.data) };
}

/** What the log in these files says it no longer keeps; null when it keeps everything. @throws ERR_LOG */
export async function readPruned(read: ReadLogFile, trust: LogIdentity): Promise<Pruned | null> {
  const bytes = await read(PRUNED_PATH);
  return bytes === null ? null : openPruned(bytes, trust);
}

function textOf(bytes: Bytes): string | null {
  try {
    return fromUtf8(bytes);
  } catch {
    return null;
  }
}
