/** What a build wrote and no product came to serve, since it was cancelled, failed, or another was in service by then: its index, the
 *  keys and labels behind it, the tags of its persons. It goes at once; what a process leaves that ends before goes at the next
 *  start.
 *  @module */
import type { ServedProduct } from "../state/work.ts";
import { removeMembership } from "../subjects/membership-files.ts";
import type { DomainContext } from "./context.ts";
import { recordEvent } from "./events.ts";
import { removeIndex } from "./indexes.ts";

/** Files that a build has written and that the state has yet to name. */
export interface WrittenFiles {
  readonly product: Pick<ServedProduct, "index" | "delta">;
  /** Name of its file of tags, once there is one. */
  membership?: string;
}

/** Does `work`, which puts `written` in service; when it throws, what is not in service is removed. */
export async function servingOrNothing<T>(
  context: DomainContext,
  written: WrittenFiles,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What cannot be removed now is removed at the next start.
    await removeUnserved(context, written).catch(() => {});
    throw error;
  }
}

async function removeUnserved(context: DomainContext, { product, membership }: WrittenFiles): Promise<void> {
  const { files, work, memberships } = context;
  // An update rests on a base that others serve: its own folder is the delta's.
  const folder = product.delta ?? product.index;
  if (folder !== null && !work.servedIndexes().includes(folder)) {
    await recordEvent(context, { kind: "index-removed" });
    await removeIndex(files, folder);
  }
  if (membership !== undefined && !memberships.names().has(membership)) await removeMembership(files, membership);
}
