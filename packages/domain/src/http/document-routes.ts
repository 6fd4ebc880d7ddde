/** Delivery of signed documents.
 *  @module */
import {
  CheckpointDelivery,
  GrantDelivery,
  SignedParty,
  SignedRelease,
  SignedRevocation,
  SignedStatus,
} from "@sluice/protocol";
import type { FastifyInstance } from "fastify";
import { acceptGrant, acceptParty, acceptRelease, acceptRevocation } from "../serve/accept.ts";
import { acceptCheckpoint } from "../serve/accept-checkpoint.ts";
import { acceptStatus } from "../serve/accept-status.ts";
import type { DomainContext } from "../serve/context.ts";
import { jsonBody } from "./body.ts";

/** The routes that stop work. They need no gateway: department, agency, recovery key and status key reach them directly, so
 *  that a gateway that is lost or hostile cannot hold a stop back. */
export function stopRoutes(server: FastifyInstance, context: DomainContext): void {
  server.post("/v1/revocations", async (request, reply) => {
    await acceptRevocation(context, jsonBody(request, SignedRevocation));
    return reply.code(204).send();
  });
  server.post("/v1/statuses", async (request, reply) => {
    await acceptStatus(context, jsonBody(request, SignedStatus));
    return reply.code(204).send();
  });
}

/** The route that takes kept checkpoints of this domain's own log, from anybody. */
export function checkpointRoute(server: FastifyInstance, context: DomainContext): void {
  server.post("/v1/checkpoints", async (request, reply) => {
    await acceptCheckpoint(context, jsonBody(request, CheckpointDelivery).checkpoint);
    return reply.code(204).send();
  });
}

/** Routes that take what parties signed. */
export function documentRoutes(server: FastifyInstance, context: DomainContext): void {
  server.post("/v1/parties", async (request, reply) => {
    await acceptParty(context, jsonBody(request, SignedParty));
    return reply.code(204).send();
  });
  server.post("/v1/grants", async (request, reply) => {
    const grant = await acceptGrant(context, jsonBody(request, GrantDelivery));
    return reply.code(201).send({ grant });
  });
  server.post("/v1/releases", async (request, reply) => {
    const release = await acceptRelease(context, jsonBody(request, SignedRelease));
    return reply.code(201).send({ release });
  });
}
