/** What the log and the state say about each other when a domain starts. What was kept and not noted as logged is found in
 *  the log, or appended. An entry that nothing kept explains means that the state is older than the log; a noted entry
 *  that is missing means that the log is older than the state: one of them was restored from a backup.
 *  @module */
import { toHex } from "@sluice/protocol";
import { lastNoted, unlogged, type KeptEntry } from "../state/kept-entries.ts";
import type { DomainContext } from "./context.ts";
import { signEvent } from "./events.ts";

/** Entries before the highest noted one that may still be unnoted: more than can be in flight at once. */
const RECOVERY_LOOK_BACK = 8_192;
/** Entries read at a time. */
const PAGE_ENTRIES = 4_096;

/** Why a domain with an older state refuses work. */
const STATE_BEHIND = "the log has entries that the state does not know";
/** Why a domain with an older log refuses work. */
export const LOG_BEHIND = "the state knows entries that the log does not have";

/** What of a domain has to do with its log. */
type LogContext = Pick<DomainContext, "config" | "keyring" | "random" | "log" | "answers" | "events" | "rollback">;

/** Logs what an earlier process kept but did not note as logged. Returns why state and log do not belong together, or null;
 *  then nothing was appended. */
export async function recoverLog(context: LogContext): Promise<string | null> {
  for (const put of context.events.unsigned()) await signEvent(context, put);
  const { log, rollback } = context;
  const { size } = log;
  // Of a domain that refuses work the log stays as it is until a person decides.
  const { reason } = rollback.read();
  if (reason !== null) return reason;
  const last = lastNoted(context);
  if (last !== null) {
    if (last.index >= size) return LOG_BEHIND;
    // Of a pruned log, the entries since then tell whether state and log belong together.
    const [found] = last.index < log.firstKept ? [last.entry] : await log.readEntries(last.index, last.index + 1);
    if (found === undefined || toHex(found) !== toHex(last.entry)) return LOG_BEHIND;
  }
  const explained = Math.max((last?.index ?? -1) + 1, rollback.read().acceptedSize ?? size);
  if (explained > size) return LOG_BEHIND;
  const kept = unlogged(context);
  const wanted = new Map(kept.map((one) => [toHex(one.entry), one]));
  const found = new Map<KeptEntry, number>();
  for (let from = Math.max(log.firstKept, explained - RECOVERY_LOOK_BACK); from < size; from += PAGE_ENTRIES) {
    for (const [i, entry] of (await log.readEntries(from, Math.min(from + PAGE_ENTRIES, size))).entries()) {
      const one = wanted.get(toHex(entry));
      if (one !== undefined) found.set(one, from + i);
      else if (from + i >= explained) return STATE_BEHIND;
    }
  }
  rollback.accept(size);
  for (const one of kept) one.note(found.get(one) ?? (await log.append(one.entry)).index);
  return null;
}
