/** Published profiles, for the gateway: metadata that was made safe, never a row.
 *  @module */
import type { FastifyInstance } from "fastify";
import type { DomainContext } from "../serve/context.ts";

/** `GET /v1/resources/{resource}/profile` */
export function profileRoute(server: FastifyInstance, context: DomainContext): void {
  server.get<{ Params: { resource: string } }>("/v1/resources/:resource/profile", async (request) =>
    context.data.publishedProfile(request.params.resource),
  );
}
