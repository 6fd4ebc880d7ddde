/** Development and build runs: passed on to the domain, watched, reviewed.
 *  @module */
import { Readable } from "node:stream";
import {
  isSluiceError,
  Random128,
  Review,
  Run,
  RunReviews,
  SluiceError,
  type CallEnvelope,
  type Party,
  type SignedRequest,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { observeRun } from "../domains/run-observer.ts";
import { BinaryBody, callEnvelope, MAX_BUILD_BYTES, MAX_JOB_BYTES } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { bodyBytes, signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRole } from "../rules/roles.ts";
import { checkRunReview, runReviewState } from "../rules/run-rules.ts";
import { requireRequestSigner } from "../rules/request-signer.ts";
import { mayReadCall } from "../rules/call-readers.ts";
import { addReview, readReviews, refuseSamePerson, reviewRecord } from "../state/review-store.ts";
import { dropRun, findRun, putRun, type HeldRun } from "../state/run-store.ts";
import { sceneOfGrant } from "../state/scene-store.ts";

/** Largest event stream, in bytes: a run's whole log and progress, with room. */
const MAX_STREAM_BYTES = 16 * 1_048_576;

/** Routes of runs. */
export function runRoutes(server: ZodServer, context: GatewayContext): void {
  const params = z.strictObject({ callId: Random128 });
  const binary = { consumes: ["application/octet-stream"], body: BinaryBody };
  const response = { 202: Run, ...PROBLEM_RESPONSES };

  server.post(
    "/v1/jobs",
    {
      bodyLimit: MAX_JOB_BYTES,
      schema: { summary: "Submit a job (CallEnvelope, operation develop)", ...binary, response },
    },
    async (request, reply) => {
      requireRole(signerOf(request), "submit a job", "developer");
      return reply
        .code(202)
        .send(await submit(context, "develop", callEnvelope(request), bodyBytes(request), signerOf(request)));
    },
  );
  server.post(
    "/v1/builds",
    {
      bodyLimit: MAX_BUILD_BYTES,
      schema: { summary: "Start a build (CallEnvelope, operation build)", ...binary, response },
    },
    async (request, reply) => {
      requireRole(signerOf(request), "start a build", "operator");
      return reply
        .code(202)
        .send(await submit(context, "build", callEnvelope(request), bodyBytes(request), signerOf(request)));
    },
  );
  server.get(
    "/v1/runs/:callId",
    {
      config: { signed: true },
      schema: { summary: "A run, for the parties of its grant", params, response: { 200: Run, ...PROBLEM_RESPONSES } },
    },
    async (request) => observeRun(context, await readableRun(context, request.params.callId, signerOf(request))),
  );
  server.get(
    "/v1/runs/:callId/events",
    {
      config: { signed: true },
      schema: { summary: "Events of a run (SSE, Last-Event-ID)", params, produces: ["text/event-stream"] },
    },
    async (request, reply) => {
      const held = await readableRun(context, request.params.callId, signerOf(request));
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const events = await openEvents(context, held, request.headers["last-event-id"], gone.signal);
      return reply.type("text/event-stream; charset=utf-8").header("cache-control", "no-store").send(events);
    },
  );
  server.post(
    "/v1/runs/:callId/reviews",
    {
      schema: {
        summary: "Review a development run (operator and agency)",
        params,
        body: Review,
        response: { 200: RunReviews, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      const { callId } = request.params;
      const party = signerOf(request);
      requireRole(party, "review a run", "operator", "agency");
      return context.changes.run(`run ${callId}`, () => reviewRun(context, callId, request.body, party));
    },
  );
}

async function submit(
  context: GatewayContext,
  operation: "develop" | "build",
  envelope: CallEnvelope,
  bytes: Uint8Array,
  party: Party,
): Promise<Run> {
  const { request } = envelope;
  if (request.body.operation !== operation) {
    throw new SluiceError("ERR_GRANT_OPERATION", { operation: request.body.operation });
  }
  requireRequestSigner(request, party);
  const { callId } = request.body;
  return context.changes.run(`run ${callId}`, () => passOn(context, request, bytes, party));
}

/** Keeps the run before the domain is asked, so that none is lost; one that the domain refuses at once is forgotten.
 *  @throws ERR_CALL_REUSED, ERR_RECEIPT, and as the domain refuses */
async function passOn(context: GatewayContext, request: SignedRequest, bytes: Uint8Array, party: Party): Promise<Run> {
  const { state, link, clock } = context;
  const { callId, operation, domain } = request.body;
  const address = context.domains.get(domain);
  const isNew = await putRun(state.db, request, party.keyId, clock.now());
  const path = operation === "develop" ? "/v1/jobs" : "/v1/builds";
  let run: Run;
  try {
    run = await link.json(address, { method: "POST", path, binary: bytes, ...link.patience(operation) }, Run);
  } catch (error) {
    // Without a refusal of the domain's own, or after a fault of it, it may have taken the run: the follower finds out.
    const refused = isSluiceError(error) && error.refusedBy !== undefined && error.status < 500;
    if (isNew && refused) await dropRun(state.db, callId);
    throw error;
  }
  if (run.callId !== callId) throw new SluiceError("ERR_RECEIPT", { reason: "the domain tells of another run" });
  return run;
}

/** The run, for those who may see it; strangers get the answer for a run that is not there. @throws ERR_NOT_FOUND */
async function readableRun(context: GatewayContext, callId: string, reader: Party): Promise<HeldRun> {
  const held = await findRun(context.state.db, callId);
  const grant = held === null ? null : (await sceneOfGrant(context.state.db, held.grant))?.grant;
  if (held === null || !mayReadCall(reader, held.keyId, grant ?? null, "run")) {
    throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId });
  }
  return held;
}

async function openEvents(
  context: GatewayContext,
  held: HeldRun,
  lastEventId: string | string[] | undefined,
  gone: AbortSignal,
): Promise<Readable> {
  const address = context.domains.get(held.domain);
  const seen =
    typeof lastEventId === "string" && /^\d{1,15}$/.test(lastEventId) ? { "last-event-id": lastEventId } : {};
  const signal = AbortSignal.any([gone, context.closing]);
  const request = {
    method: "GET",
    path: `/v1/runs/${held.callId}/events`,
    headers: { accept: "text/event-stream", ...seen },
  } as const;
  const body = await context.link.stream(address, request, signal);
  return Readable.from(boundedChunks(body), { objectMode: false });
}

/** The stream's bytes; a break ends it, and its reader comes back with Last-Event-ID. */
async function* boundedChunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      sizeBytes += chunk.length;
      if (sizeBytes > MAX_STREAM_BYTES) return;
      yield chunk;
    }
  } catch {
    // Cut off on either side.
  }
}

async function reviewRun(context: GatewayContext, callId: string, review: Review, party: Party): Promise<RunReviews> {
  const { db } = context.state;
  const held = await findRun(db, callId);
  if (held === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId });
  const subject = { kind: "run", name: callId } as const;
  const before = await readReviews(db, subject);
  refuseSamePerson("run", before, review.person);
  const run = await observeRun(context, held);
  checkRunReview(run, before, party);
  const grant = (await sceneOfGrant(db, run.grant))?.grant;
  if (party.role === "operator" && grant?.body.operator.keyId !== party.keyId) {
    throw new SluiceError("ERR_GRANT_PARTY", { role: "operator" });
  }
  const reviews = await db
    .transaction()
    .execute((transaction) => addReview(transaction, subject, before, { review, party, at: context.clock.now() }));
  return { callId, state: runReviewState(reviews), reviews: reviews.map(reviewRecord) };
}
