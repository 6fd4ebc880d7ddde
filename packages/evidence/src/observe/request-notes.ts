/** One line and one count per answer, the same in gateway and domain.
 *  @module */
import { randomBytes } from "node:crypto";
import {
  PROBLEM_MEDIA_TYPE,
  SluiceError,
  toProblem,
  type CallEnvelope,
  type Operation,
  type RefusedBy,
} from "@sluice/protocol";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ProcessLog } from "./process-log.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** What is noted on a request while it is served. */
export interface RequestNotes {
  code?: SluiceError["code"];
  refusedBy?: RefusedBy;
  party?: string;
  operation?: Operation;
  callId?: string;
}

declare module "fastify" {
  interface FastifyRequest {
    /** For the process log and the metrics. */
    notes: RequestNotes;
  }
}

/** Where notes go. */
export interface Observer {
  readonly log: ProcessLog;
  readonly metrics: ServerMetrics;
}

/** Header of every answer: what a person tells the operator to have a refusal looked up. */
export const REFERENCE_HEADER = "sluice-reference";
const REFERENCE_BYTES = 8;
const METHODS = ["GET", "HEAD", "POST", "PUT"] as const;

/** A new reference; Fastify's `genReqId`. */
export function newReference(): string {
  return randomBytes(REFERENCE_BYTES).toString("hex");
}

/** Installs the notes. Comes before every other hook. */
export function installRequestNotes(server: FastifyInstance, observer: Observer): void {
  server.decorateRequest("notes");
  server.addHook("onRequest", (request, reply, done) => {
    request.notes = {};
    reply.header(REFERENCE_HEADER, request.id);
    done();
  });
  server.addHook("onResponse", (request, reply, done) => {
    noteAnswer(observer, request, { status: reply.statusCode, ms: reply.elapsedTime });
    done();
  });
}

/** Notes a refusal. */
export function noteRefusal(request: FastifyRequest, error: SluiceError, refusedBy: RefusedBy): void {
  request.notes.code = error.code;
  request.notes.refusedBy = error.refusedBy ?? refusedBy;
}

/** Notes an envelope that came under a verified signature: only then is its call id more than a stranger's text. */
export function noteEnvelope(request: FastifyRequest, { request: { body } }: CallEnvelope): void {
  request.notes.operation = body.operation;
  request.notes.callId = body.callId;
}

/** Writes the line and counts the answer. */
function noteAnswer(observer: Observer, request: FastifyRequest, { status, ms }: { status: number; ms: number }): void {
  const route = request.is404 ? null : (request.routeOptions.url ?? null);
  note(observer, { method: request.method, route, status, ms, reference: request.id, notes: request.notes });
}

interface Answer {
  readonly method: string;
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  readonly reference: string;
  readonly notes: RequestNotes;
}

function note({ log, metrics }: Observer, { method: given, route, status, ms, reference, notes }: Answer): void {
  const method = METHODS.find((known) => known === given) ?? "other";
  const { code, refusedBy, operation } = notes;
  log.write({ event: "request", method, route, status, ms: Math.round(ms), reference, ...notes });
  metrics.answered({ method, route, status, seconds: ms / 1_000, code, refusedBy, operation });
}

/** Fastify's `frameworkErrors`: addresses that cannot be read never reach a hook, and Fastify would echo them. */
export function refuseAddress(
  observer: Observer,
  service: "gateway" | "domain",
): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  return (_error, request, reply) => {
    const problem = new SluiceError("ERR_ROUTE_UNKNOWN");
    const reference = request.id;
    const headers = { "content-type": PROBLEM_MEDIA_TYPE, [REFERENCE_HEADER]: reference };
    reply.hijack();
    reply.raw.writeHead(problem.status, headers).end(JSON.stringify(toProblem(problem, service)));
    const notes = { code: problem.code, refusedBy: service };
    note(observer, { method: request.method, route: null, status: problem.status, ms: 0, reference, notes });
  };
}
