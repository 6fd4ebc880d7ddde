/** Problem documents (RFC 9457) for everything that goes wrong in a request.
 *  @module */
import { noteRefusal, type ProcessLog } from "@sluice/evidence/observe";
import { isSluiceError, Problem, PROBLEM_MEDIA_TYPE, SluiceError, toProblem } from "@sluice/protocol";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

const CONTENT = { content: { [PROBLEM_MEDIA_TYPE]: { schema: Problem } } };

/** Responses that every route declares. */
export const PROBLEM_RESPONSES = {
  "4xx": { description: "refused, with the code of docs/errors.md", ...CONTENT },
  "5xx": { description: "failed, with the code of docs/errors.md", ...CONTENT },
} as const;

/** Answers errors and unknown routes with problem documents. Comes before any route that declares 4xx responses:
 *  without it Fastify turns each refusal into a failed serialisation. */
export function installProblems(server: FastifyInstance, log: ProcessLog): void {
  server.setErrorHandler((error: FastifyError, request, reply) =>
    sendProblem(request, reply, toSluiceError(error, request, log)),
  );
  server.setNotFoundHandler((request, reply) => sendProblem(request, reply, new SluiceError("ERR_ROUTE_UNKNOWN")));
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: SluiceError): FastifyReply {
  noteRefusal(request, error, "gateway");
  return reply
    .code(error.status)
    .type(PROBLEM_MEDIA_TYPE)
    .serializer((problem: unknown) => JSON.stringify(problem))
    .send(toProblem(error, "gateway"));
}

function toSluiceError(error: FastifyError, request: FastifyRequest, log: ProcessLog): SluiceError {
  if (isSluiceError(error)) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [issue] = error.validation;
    const pointer = issue === undefined || issue.instancePath === "" ? "/" : issue.instancePath;
    return new SluiceError("ERR_BODY_INVALID", { pointer, expected: issue?.keyword ?? "another document" });
  }
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new SluiceError("ERR_FRAME_TOO_LARGE", {
        sizeBytes: Number(request.headers["content-length"] ?? 0),
        maxBytes: request.routeOptions.bodyLimit ?? 0,
      });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "a documented media type" });
    default:
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "a well-formed body" });
  }
  log.fault(error, request.id);
  return new SluiceError("ERR_INTERNAL", { reference: request.id }, { cause: error });
}
