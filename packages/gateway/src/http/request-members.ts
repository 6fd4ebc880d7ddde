/** What this gateway notes on each request while it is served.
 *  @module */
import type { Bytes, Party } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /** The body as it arrived; signatures cover it. Null when there is none. */
    rawBody: Bytes | null;
    /** The active party that signed the request; null on routes that anybody may ask. */
    signer: Party | null;
  }
  interface FastifyContextConfig {
    /** Whether the route needs a signature; PUT and POST always do. */
    signed?: boolean;
    /** Whether a nonce used here must stay used across a restart. False for calls, whose domain sees to that. */
    durableNonce?: boolean;
  }
}

/** Declares the members. */
export function installRequestMembers(server: FastifyInstance): void {
  server.decorateRequest("rawBody", null);
  server.decorateRequest("signer", null);
}

/** The party that signed. @throws ERR_HTTP_SIGNATURE on a route that was not declared as signed */
export function signerOf(request: FastifyRequest): Party {
  if (request.signer === null) throw new SluiceError("ERR_HTTP_SIGNATURE", { reason: "there is none" });
  return request.signer;
}

/** The body's bytes, none when there is no body. */
export function bodyBytes(request: FastifyRequest): Bytes {
  return request.rawBody ?? new Uint8Array(0);
}
