/** Stops on their way to a domain: revocations and statuses. The gateway only carries them; whoever signed one may bring it
 *  to the domain itself as well, and does where the gateway is not trusted with it.
 *  @module */
import { SignedRevocation, SignedStatus, StopDelivered } from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRole } from "../rules/roles.ts";

/** `POST /v1/revocations` and `POST /v1/statuses`. */
export function stopRoutes(server: ZodServer, context: GatewayContext): void {
  server.post(
    "/v1/revocations",
    {
      schema: {
        summary: "Carry a signed revocation to its domain, where runs and calls under the grant end at once",
        body: SignedRevocation,
        response: { 200: StopDelivered, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "deliver a revocation", "source", "agency");
      return carry(context, "/v1/revocations", request.body);
    },
  );

  server.post(
    "/v1/statuses",
    {
      schema: {
        summary: "Carry a signed status to its domain: what is stopped, and until when it may work",
        body: SignedStatus,
        response: { 200: StopDelivered, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "deliver a status", "agency");
      return carry(context, "/v1/statuses", request.body);
    },
  );
}

async function carry(
  { domains, link }: GatewayContext,
  path: string,
  json: SignedRevocation | SignedStatus,
): Promise<StopDelivered> {
  const { domain } = json.body;
  await link.bytes(domains.get(domain), { method: "POST", path, json });
  return { domain };
}
