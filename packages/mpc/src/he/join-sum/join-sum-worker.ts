/** The thread of one session of join-and-sum: the domain's role over a set that was prepared when the product was built. Nothing of a
 *  session is kept after it.
 *  @module */
import { serveRoles } from "../../session/session-thread.ts";
import type { JoinSumRoleInput } from "./domain-role.ts";
import { JoinSumDomain } from "./domain.ts";
import { decodeSumContent } from "./sum-content.ts";

serveRoles({
  "join-sum": (input) => {
    const { content, ...options } = input as JoinSumRoleInput;
    return JoinSumDomain.create({ ...options, set: decodeSumContent(content, options.terms.paddedItems) });
  },
});
