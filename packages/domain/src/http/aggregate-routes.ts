/** Aggregations over several domains: to take part, to hear a round, and to give the result. Whoever carries the messages can hold
 *  them back; what they may do stands in their signatures.
 *  @module */
import {
  AggregateRoundName,
  BINARY_MEDIA_TYPE,
  decodeAggregateRound,
  Sha256Hex,
  SignedAggregate,
  SignedAggregateAsk,
} from "@sluice/protocol";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { sealedResult } from "../aggregate/result.ts";
import type { DomainContext } from "../serve/context.ts";
import { jsonBody, rawBody } from "./body.ts";
import { parseBody } from "./errors.ts";

const ROUND = z.strictObject({ agreement: Sha256Hex, round: AggregateRoundName });

/** `POST /v1/aggregates`, `POST /v1/aggregates/{agreement}/rounds/{round}` and `POST /v1/aggregate-results`. */
export function aggregateRoutes(server: FastifyInstance, context: DomainContext): void {
  server.post("/v1/aggregates", async (request, reply) => {
    const message = await context.aggregateDesk.join(jsonBody(request, SignedAggregate));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(message));
  });
  server.post("/v1/aggregates/:agreement/rounds/:round", async (request, reply) => {
    const { agreement, round } = parseBody(ROUND, request.params);
    const message = await context.aggregateDesk.hear(agreement, round, decodeAggregateRound(rawBody(request)));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(message));
  });
  server.post("/v1/aggregate-results", async (request, reply) => {
    const sealed = await sealedResult(context, jsonBody(request, SignedAggregateAsk));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(sealed));
  });
}
