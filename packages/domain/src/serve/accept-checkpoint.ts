/** A checkpoint of this domain's log that somebody kept: a caller with a receipt, a monitor, the gateway. It needs no trust
 *  in who brings it, for only this domain could sign it. One of a longer log, or of another tree, proves that this domain
 *  was restored from something older.
 *  @module */
import { logIdentity, openCheckpoint, verifyConsistency, type LogIdentity } from "@sluice/evidence";
import { isSluiceError, SluiceError, type Checkpoint } from "@sluice/protocol";
import type { DomainContext } from "./context.ts";

/** Why a domain refuses work whose log is shorter than it has signed. */
export const SIGNED_MORE = "it has signed a checkpoint with more entries than its log has";
/** Why a domain refuses work whose log is another than it has signed. */
export const SIGNED_OTHER = "it has signed a checkpoint of another history of its log";

/** Holds a checkpoint against the log. @throws ERR_BODY_INVALID when this domain did not sign it */
export async function acceptCheckpoint(context: DomainContext, text: string): Promise<void> {
  const { log, config, standing } = context;
  const shown = await openOwn(text, logIdentity(config));
  if (shown.size > log.size) return standing.refuse(SIGNED_MORE);
  const own = await log.checkpoint();
  const proof = await log.consistency(shown.size, own.size);
  if (!verifyConsistency(shown, own, proof)) standing.refuse(SIGNED_OTHER);
}

async function openOwn(text: string, identity: LogIdentity): Promise<Checkpoint> {
  try {
    return await openCheckpoint(text, identity);
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_LOG")) throw cause;
    const expected = "a checkpoint that this domain signed";
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/checkpoint", expected }, { cause });
  }
}
