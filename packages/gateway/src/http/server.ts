/** The gateway's HTTP server over a running context.
 *  @module */
import { MAX_JSON_BODY_BYTES } from "@sluice/protocol";
import fastify, { LogController, type FastifyBaseLogger } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { GatewayContext } from "../context.ts";
import { callRoutes } from "../routes/call-routes.ts";
import { domainRoutes } from "../routes/domain-routes.ts";
import { logRoutes } from "../routes/log-routes.ts";
import { partyRoutes } from "../routes/party-routes.ts";
import { productRoutes } from "../routes/product-routes.ts";
import { receiptRoutes } from "../routes/receipt-routes.ts";
import { releaseRoutes } from "../routes/release-routes.ts";
import { runRoutes } from "../routes/run-routes.ts";
import { sceneRoutes } from "../routes/scene-routes.ts";
import { installAccessLog } from "./access-log.ts";
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

/** What the few lines that Fastify writes itself may say of a request or a fault: no address, no message. */
const SERIALIZERS = {
  req: () => ({}),
  err: ({ name }: Error) => ({ type: name, message: "", stack: "" }),
};

/** Builds the server; the caller makes it listen. `log` is a file, or a logger of the embedding program. */
export async function createServer(
  context: GatewayContext,
  log: { readonly file: string } | { readonly logger: FastifyBaseLogger },
): Promise<ZodServer> {
  const server = fastify({
    bodyLimit: MAX_JSON_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // The access log is ours; Fastify's own lines would carry addresses with their queries.
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: MAX_PARAM_CHARS },
    ...("file" in log
      ? { logger: { level: "info", file: log.file, serializers: SERIALIZERS } }
      : { loggerInstance: log.logger }),
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  installRequestMembers(server);
  installProblems(server);
  installBodies(server);
  installSignedRequests(server, context);
  installAccessLog(server);
  await installOpenApi(server);
  openApiRoute(server);
  for (const routes of [
    partyRoutes,
    domainRoutes,
    sceneRoutes,
    runRoutes,
    releaseRoutes,
    productRoutes,
    callRoutes,
    receiptRoutes,
    logRoutes,
  ]) {
    routes(server, context);
  }
  return server;
}
