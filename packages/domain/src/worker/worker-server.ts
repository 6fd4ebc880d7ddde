/** A worker on another machine: it holds partitions of encrypted records and adds up their columns for queries. It learns
 *  those and the queries, which are LWE ciphertexts; no key, no name of a product or a person, not what was found.
 *  @module */
import { isRemoteTask, decodeTaskRequest, encodeTaskAnswer, MAX_TASK_BYTES, wordsOf } from "@sluice/mpc/remote/server";
import type { Timers, WorkerSecret } from "@sluice/mpc/remote/server";
import {
  BINARY_MEDIA_TYPE,
  bytesOfWords,
  fromHex,
  isSluiceError,
  PROBLEM_MEDIA_TYPE,
  Sha256Hex,
  SluiceError,
  toHex,
  toProblem,
  type Random,
} from "@sluice/protocol";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { PartitionAnswerer } from "./partition-answerer.ts";
import type { PartitionStore } from "./partition-store.ts";
import { announcedBody, factsOf, guardWorker, SESSION_ROUTE, wholeBody } from "./worker-hop.ts";
import { WorkerSessions } from "./worker-sessions.ts";

/** A partition of hundreds of megabytes may take its time. */
const REQUEST_TIMEOUT_MS = 600_000;
/** Each may hold a task of a megabyte. */
const MAX_CONNECTIONS = 1_024;
const HEADERS_TIMEOUT_MS = 10_000;

/** Parts of a worker. */
export interface WorkerParts {
  readonly secret: WorkerSecret;
  readonly partitions: PartitionStore;
  readonly answerer: PartitionAnswerer;
  readonly random: Random;
  readonly timers: Timers;
  /** Hears of what nobody foresaw. */
  readonly onFault: (error: unknown) => void;
  /** Requests of one session. */
  readonly maxNonces?: number;
}

/** Builds the server; the caller makes it listen and closes it. */
export function createWorkerServer(parts: WorkerParts): FastifyInstance {
  const { partitions, answerer, secret } = parts;
  const sessions = new WorkerSessions(parts.random, parts.maxNonces);
  const server = fastify({
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    frameworkErrors: (_error, _request, reply) => {
      void refuse(reply, new SluiceError("ERR_ROUTE_UNKNOWN"));
    },
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  server.removeAllContentTypeParsers();
  // Bodies are read by their routes, to the announced length.
  server.addContentTypeParser(BINARY_MEDIA_TYPE, (_request, _body, done) => done(null));
  guardWorker(server, secret, sessions);
  server.setErrorHandler(async (error: FastifyError, request, reply) =>
    refuse(reply, knownError(error, request, parts)),
  );
  server.setNotFoundHandler(async (_request, reply) => refuse(reply, new SluiceError("ERR_ROUTE_UNKNOWN")));

  server.get(SESSION_ROUTE, async (_request, reply) => sendBytes(reply, fromHex(sessions.current)));
  server.post("/v1/tasks", async (request, reply) => {
    const { task, header, parts: given } = decodeTaskRequest(await wholeBody(request, MAX_TASK_BYTES));
    if (!isRemoteTask(task)) throw new SluiceError("ERR_WORKER_TASK", { task });
    const held = partitions.get(toHex(header));
    const query = wordsOf(given, "query");
    const answer = await withinDeadline(request, parts, (signal) => answerer.answer(held, query, signal));
    return sendBytes(reply, encodeTaskAnswer([bytesOfWords(answer)]));
  });
  server.get<{ Params: { hash: string }; Querystring: { bytes?: unknown } }>(
    "/v1/partitions/:hash",
    async (request, reply) => {
      const sizeBytes = Number(request.query.bytes);
      if (Number.isSafeInteger(sizeBytes)) partitions.expectRoom(sizeBytes);
      partitions.get(hashOf(request.params));
      return sendBytes(reply, new Uint8Array(0));
    },
  );
  server.put<{ Params: { hash: string } }>("/v1/partitions/:hash", async (request, reply) => {
    const { length, digest } = factsOf(request);
    if (request.params.hash !== digest) throw new SluiceError("ERR_BODY_DIGEST");
    await partitions.receive(digest, length, announcedBody(request));
    return sendBytes(reply, new Uint8Array(0));
  });
  server.delete<{ Params: { hash: string } }>("/v1/partitions/:hash", async (request, reply) => {
    partitions.forget(hashOf(request.params));
    return sendBytes(reply, new Uint8Array(0));
  });
  // Nothing that was sent before counts afterwards: of a partition whose bytes are still on their way nothing stays.
  server.delete("/v1/partitions", async (_request, reply) => {
    partitions.forgetAll();
    sessions.begin();
    return sendBytes(reply, new Uint8Array(0));
  });
  return server;
}

function hashOf(params: { readonly hash: string }): Sha256Hex {
  const hash = Sha256Hex.safeParse(params.hash);
  if (!hash.success) throw new SluiceError("ERR_ROUTE_UNKNOWN");
  return hash.data;
}

/** Ends the work when the domain has waited as long as it said, and when it has gone. @throws ERR_TIMEOUT, ERR_CANCELLED */
async function withinDeadline<T>(
  request: FastifyRequest,
  { timers }: WorkerParts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { deadlineMs } = factsOf(request);
  const controller = new AbortController();
  const leave = (): void => controller.abort(new SluiceError("ERR_CANCELLED"));
  request.raw.socket.once("close", leave);
  const takeBack = timers.after(deadlineMs, () =>
    controller.abort(new SluiceError("ERR_TIMEOUT", { timeoutMs: deadlineMs })),
  );
  try {
    return await work(controller.signal);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    takeBack();
    request.raw.socket.off("close", leave);
  }
}

/** The message of an unforeseen error stays here. */
function knownError(error: FastifyError, request: FastifyRequest, { onFault }: WorkerParts): SluiceError {
  if (isSluiceError(error)) return error;
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "a body of the documented media type" });
  }
  onFault(error);
  return new SluiceError("ERR_INTERNAL", { reference: request.id });
}

function refuse(reply: FastifyReply, error: SluiceError): FastifyReply {
  // What is left of a refused body is not waited for.
  if (!reply.request.raw.complete) reply.header("connection", "close");
  return reply
    .code(error.status)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(toProblem(error, "domain")));
}

function sendBytes(reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
