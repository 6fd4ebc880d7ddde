/** The safe profile that a department published of a table, if it did.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import { isSluiceError, type ResourceDescription, type ResourceProfile } from "@sluice/protocol";

/** The profile; null when none is published. */
export async function publishedProfile(
  client: SluiceClient,
  { domain, resource }: ResourceDescription,
  signal: AbortSignal,
): Promise<ResourceProfile | null> {
  try {
    return await client.profile(domain, resource, { signal });
  } catch (error) {
    // A gateway or a domain of an earlier version has no such route.
    if (isSluiceError(error, "ERR_NOT_FOUND", "ERR_ROUTE_UNKNOWN")) return null;
    throw error;
  }
}
