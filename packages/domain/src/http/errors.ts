/** Problem documents for everything that goes wrong in a request.
 *  @module */
import { noteRefusal, type ProcessLog } from "@sluice/evidence/observe";
import { isSluiceError, PROBLEM_MEDIA_TYPE, SluiceError, toProblem } from "@sluice/protocol";
import type { FastifyError, FastifyInstance } from "fastify";
import type { z } from "zod";

/** Answers every error and every unknown route with a problem document. */
export function installErrors(server: FastifyInstance, log: ProcessLog): void {
  server.setErrorHandler(async (error: FastifyError, request, reply) => {
    const known = toSluiceError(error);
    const problem = known ?? new SluiceError("ERR_INTERNAL", { reference: request.id });
    if (known === null) log.fault(error, request.id);
    noteRefusal(request, problem, "domain");
    return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(toProblem(problem, "domain"));
  });
  server.setNotFoundHandler(async (request, reply) => {
    const problem = new SluiceError("ERR_ROUTE_UNKNOWN");
    noteRefusal(request, problem, "domain");
    return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(toProblem(problem, "domain"));
  });
}

/** The document `value` parsed by `schema`. @throws ERR_BODY_INVALID with the pointer of the first fault. */
export function parseBody<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = `/${(issue?.path ?? []).map(String).join("/")}`;
  throw new SluiceError("ERR_BODY_INVALID", { pointer, expected: issue?.code ?? "another document" });
}

function toSluiceError(error: FastifyError): SluiceError | null {
  if (isSluiceError(error)) return error;
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: "more", maxBytes: "the route's limit" });
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "a body of the documented media type" });
  }
  return null;
}
