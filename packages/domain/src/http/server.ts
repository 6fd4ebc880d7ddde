/** The domain's HTTP interface. It listens on loopback unless told otherwise, starts no connection itself,
 *  and takes state-changing messages only from the pinned gateway key (RFC 9421); what those messages may do
 *  is decided by the signatures inside them.
 *  @module */
import { join } from "node:path";
import { BINARY_MEDIA_TYPE, MAX_ENVELOPE_JSON_BYTES, MAX_FRAME_BYTES, MAX_JSON_BODY_BYTES } from "@sluice/protocol";
import fastify, { LogController, type FastifyInstance } from "fastify";
import { fastifyLog, installRequestNotes, newReference, refuseAddress } from "@sluice/evidence/observe";
import { aggregateRoutes } from "./aggregate-routes.ts";
import { ANCHORS } from "../config.ts";
import { publishedResources } from "../data/published.ts";
import type { DomainContext } from "../serve/context.ts";
import { installErrors } from "./errors.ts";
import { requireGateway } from "./hop.ts";
import { serveLog } from "./log-files.ts";
import { checkpointRoute, documentRoutes, stopRoutes } from "./document-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { productRoutes } from "./product-routes.ts";
import { profileRoute } from "./profile-route.ts";
import { runRoutes } from "./run-routes.ts";

/** Headroom of an envelope above its two parts: version and length prefixes. */
const ENVELOPE_OVERHEAD_BYTES = 64;
const MAX_ENVELOPE_BYTES = MAX_FRAME_BYTES + MAX_ENVELOPE_JSON_BYTES + ENVELOPE_OVERHEAD_BYTES;
const REQUEST_TIMEOUT_MS = 60_000;

/** Builds the server over a running domain; the caller makes it listen. */
export async function createServer(context: DomainContext): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: MAX_JSON_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    // Fastify's own lines would carry addresses and messages: ours are of a closed schema.
    loggerInstance: fastifyLog(context.observer.log),
    genReqId: newReference,
    frameworkErrors: refuseAddress(context.observer, "domain"),

    logController: new LogController({ disableRequestLogging: true }),
  });
  installRequestNotes(server, context.observer);
  installErrors(server, context.observer.log);
  server.addContentTypeParser(
    BINARY_MEDIA_TYPE,
    { parseAs: "buffer", bodyLimit: MAX_ENVELOPE_BYTES },
    (_request, body, done) => done(null, body),
  );
  server.removeContentTypeParser("application/json");
  // The raw bytes are kept: the hop's Content-Digest covers them, not our reading of them.
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  server.get("/v1/description", async () => describeDomain(context));
  stopRoutes(server, context);
  checkpointRoute(server, context);
  await server.register(async (trusted) => {
    requireGateway(trusted, context);
    documentRoutes(trusted, context);
    eventRoutes(trusted, context);
    profileRoute(trusted, context);
    runRoutes(trusted, context);
    productRoutes(trusted, context);
    aggregateRoutes(trusted, context);
  });
  serveLog(server, context.log, join(context.directory, ANCHORS));
  return server;
}

function describeDomain(context: DomainContext): unknown {
  const { domain, receiptKey, logKey, logSm2Key, logOrigin } = context.config;
  const resources = publishedResources(context.data.resources());
  return { domain, receiptKey, logKey, logSm2Key, logOrigin, resources };
}
