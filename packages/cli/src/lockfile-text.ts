/** What a bundle says of the lockfile that its packages were installed by, for terminals and pages.
 *  @module */
import type { Lockfile } from "@sluice/protocol";

/** In English. */
export function lockfileText(lockfile: Lockfile | null | undefined): string {
  return lockfile ? `${lockfile.name} ${lockfile.hash}` : "none: no packages in the bundle";
}

/** In Chinese. */
export function lockfileWords(lockfile: Lockfile | undefined): string {
  return lockfile === undefined ? "无：程序不含外部依赖包" : `${lockfile.name} ${lockfile.hash}`;
}
