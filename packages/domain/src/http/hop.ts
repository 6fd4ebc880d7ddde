/** The hop between gateway and domain: every trusted route takes only requests that a pinned gateway key
 *  signed (RFC 9421) in the time in which it counts here, each once. It says who delivered a message, never that the message may be obeyed.
 *  @module */
import { keysAt } from "@sluice/evidence";
import { verifyHttp } from "@sluice/evidence/http";
import type { FastifyInstance } from "fastify";
import type { DomainContext } from "../serve/context.ts";
import { rawBody } from "./body.ts";

/** Refuses requests that the gateway did not sign. @throws ERR_HTTP_SIGNATURE */
export function requireGateway(server: FastifyInstance, context: DomainContext): void {
  server.addHook("preHandler", async (request) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === "string") headers[name] = value;
    }
    await verifyHttp(
      {
        method: request.method,
        url: `http://${request.headers.host ?? ""}${request.url}`,
        headers,
        body: rawBody(request),
      },
      {
        allowed: keysAt(context.config.pins.gatewayKey, context.clock.now().toISOString()),
        clock: context.clock,
        seenNonce: (keyId, nonce, expiresAt) => !context.uses.takeNonce(keyId, nonce, expiresAt),
      },
    );
  });
}
