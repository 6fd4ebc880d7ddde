/** The one check that has to run before anything else is imported. Imports nothing.
 *  @module */

/** Oldest major version of Node that runs Sluice. */
const NEEDED_NODE_MAJOR = 24;

/** Whether Node `version`, for example `24.21.0`, is new enough. */
export function isNodeSupported(version: string): boolean {
  return Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0) >= NEEDED_NODE_MAJOR;
}
