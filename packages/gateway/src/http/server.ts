/** The gateway's HTTP server over a running context.
 *  @module */
import { MAX_JSON_BODY_BYTES } from "@sluice/protocol";
import { fastifyLog, installRequestNotes, newReference, refuseAddress } from "@sluice/evidence/observe";
import fastify, { LogController } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { GatewayContext } from "../context.ts";
import { aggregateRoutes } from "../routes/aggregate-routes.ts";
import { auditRoutes } from "../routes/audit-routes.ts";
import { callRoutes } from "../routes/call-routes.ts";
import { sessionRoutes } from "../routes/session-routes.ts";
import { domainRoutes } from "../routes/domain-routes.ts";
import { logRoutes } from "../routes/log-routes.ts";
import { partyRoutes } from "../routes/party-routes.ts";
import { productRoutes } from "../routes/product-routes.ts";
import { receiptRoutes } from "../routes/receipt-routes.ts";
import { releaseRoutes } from "../routes/release-routes.ts";
import { stopRoutes } from "../routes/stop-routes.ts";
import { runRoutes } from "../routes/run-routes.ts";
import { sceneRoutes } from "../routes/scene-routes.ts";
import { installBodies } from "./bodies.ts";
import { installOpenApi, openApiRoute } from "./openapi.ts";
import { installProblems } from "./problems.ts";
import { installRequestMembers } from "./request-members.ts";
import { installSignedRequests } from "./signed-requests.ts";
import type { ZodServer } from "./zod-server.ts";

/** Time in which a request must have arrived completely. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longest path parameter. */
const MAX_PARAM_CHARS = 160;

/** Builds the server; the caller makes it listen. */
export async function createServer(context: GatewayContext): Promise<ZodServer> {
  const { observer } = context;
  const server = fastify({
    bodyLimit: MAX_JSON_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // Fastify's own lines would carry addresses and messages: ours are of a closed schema.
    loggerInstance: fastifyLog(observer.log),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: newReference,
    frameworkErrors: refuseAddress(observer, "gateway"),
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  installRequestNotes(server, observer);
  installRequestMembers(server);
  installProblems(server, observer.log);
  installBodies(server);
  installSignedRequests(server, context);
  await installOpenApi(server);
  openApiRoute(server);
  for (const routes of [
    partyRoutes,
    domainRoutes,
    sceneRoutes,
    runRoutes,
    releaseRoutes,
    stopRoutes,
    productRoutes,
    callRoutes,
    sessionRoutes,
    aggregateRoutes,
    receiptRoutes,
    auditRoutes,
    logRoutes,
  ]) {
    routes(server, context);
  }
  return server;
}
