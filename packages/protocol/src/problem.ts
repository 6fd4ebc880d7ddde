/** Problem details (RFC 9457) with our `code`: how an error crosses HTTP.
 *  @module */
import { z } from "zod";
import { ERROR_CATALOGUE, isErrorCode, SluiceError, type ErrorCode, type RefusedBy } from "./errors.ts";

/** Media type of a problem document. */
export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** A problem document. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  remedy: z.string(),
  /** Which process refused. */
  refusedBy: z.enum(["client", "gateway", "domain", "guard", "sandbox"]),
  /** The declared facts of the message. */
  details: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type Problem = z.infer<typeof Problem>;

/** The document for `error`, as said by `process` unless another process had said it before. */
export function toProblem(error: SluiceError, process: RefusedBy): Problem {
  return {
    type: `urn:sluice:error:${error.code}`,
    title: ERROR_CATALOGUE[error.code].message,
    status: error.status,
    detail: error.message,
    code: error.code,
    remedy: error.remedy,
    refusedBy: error.refusedBy ?? process,
    details: error.details,
  };
}

/** The error a problem document stands for; `null` when `value` is not a problem with a code we know. */
export function fromProblem(value: unknown): SluiceError | null {
  const problem = Problem.safeParse(value);
  if (!problem.success || !isErrorCode(problem.data.code)) return null;
  const code: ErrorCode = problem.data.code;
  return new SluiceError(code, problem.data.details, { refusedBy: problem.data.refusedBy });
}
