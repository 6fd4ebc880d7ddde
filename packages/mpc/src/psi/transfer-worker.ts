/** The thread of a set intersection by oblivious transfer: the sender's role over entries that were hashed when the set was
 *  built. Nothing of a session is kept after it.
 *  @module */
import type { Bytes } from "@sluice/protocol";
import { serveRoles } from "../session/session-thread.ts";
import { TransferSender } from "./ot/transfer-sender.ts";
import type { TransferRoleInput } from "./transfer-role.ts";

const DIGEST_BYTES = 32;

serveRoles({
  "psi.transfer": (input) => {
    const { session, snapshot, purpose, digests, listItems } = input as TransferRoleInput;
    const list = { count: digests.length / DIGEST_BYTES, digests: ownCopy(digests) };
    return TransferSender.create({ session, snapshot, purpose, list, maxListItems: listItems });
  },
});

/** Entries lie in memory that threads share; the role's own may be wiped. */
function ownCopy(bytes: Bytes): Bytes {
  return new Uint8Array(bytes);
}
