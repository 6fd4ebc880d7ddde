/** The access log: route pattern, status, time, party and code of refusal. No address, query, header or body.
 *  @module */
import type { FastifyInstance } from "fastify";

/** Writes one line per answer. */
export function installAccessLog(server: FastifyInstance): void {
  server.addHook("onResponse", (request, reply, done) => {
    request.log.info({
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      code: request.refusal,
      party: request.signer?.party ?? null,
      ms: Math.round(reply.elapsedTime),
    });
    done();
  });
}
