/** What an anchor has of a log, for a person.
 *  @module */
import type { FolderAnchor } from "@sluice/evidence/verify";

/** The last state that an anchor has, and, of a webhook, what to compare. */
export function anchorText({ kind, newest }: Pick<FolderAnchor, "kind" | "newest">): string {
  if (newest === null) return "";
  const state = `${newest.size} entries at ${newest.at}`;
  return kind === "timestamp" ? `${state}, time-stamped` : `${state}; look for ${newest.checkpointSha256} on the chain`;
}
