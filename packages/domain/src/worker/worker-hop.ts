/** The hop between domain and worker, as the worker guards it: a request is judged by its headers before its body is read,
 *  and every answer to an authentic one carries a code. Who has not the secret learns that something listens.
 *  @module */
import { createHash } from "node:crypto";
import {
  ANSWER_CODE_HEADER,
  isSameCode,
  notAuthentic,
  readRequestHeaders,
  type RequestFacts,
  type WorkerSecret,
} from "@sluice/mpc/remote/server";
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WorkerSessions } from "./worker-sessions.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** What an authentic request says of itself, and its code. */
    authentic: { readonly facts: RequestFacts; readonly code: string } | null;
  }
}

/** The only route that names no session. */
export const SESSION_ROUTE = "/v1/session";

/** Guards every route of `server`. */
export function guardWorker(server: FastifyInstance, secret: WorkerSecret, sessions: WorkerSessions): void {
  server.decorateRequest("authentic", null);
  server.addHook("onRequest", async (request) => {
    const { facts, code } = readRequestHeaders({ method: request.method, path: request.url }, request.headers);
    if (!isSameCode(code, secret.requestCode(facts))) throw notAuthentic("the request's code");
    // From here on refusals carry a code as well.
    request.authentic = { facts, code };
    if (facts.path !== SESSION_ROUTE) sessions.take(facts);
  });
  server.addHook("onSend", async (request, reply, payload) => {
    if (request.authentic === null) return payload;
    const bytes = typeof payload === "string" || payload instanceof Uint8Array ? payload : "";
    const digest = createHash("sha256").update(bytes).digest("hex");
    const { code } = request.authentic;
    reply.header(ANSWER_CODE_HEADER, secret.answerCode({ requestCode: code, status: reply.statusCode, digest }));
    return payload;
  });
}

/** What the request says of itself. */
export function factsOf({ authentic }: FastifyRequest): RequestFacts {
  if (authentic === null) throw notAuthentic("the request's code");
  return authentic.facts;
}

/** The body of the request, piece by piece, to the announced length and no further. @throws ERR_FRAME_MALFORMED */
export async function* announcedBody(request: FastifyRequest): AsyncGenerator<Bytes> {
  const { length } = factsOf(request);
  let received = 0;
  // Whoever stops reading still answers on this connection.
  for await (const chunk of request.raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > length) break;
    yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (received !== length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "body", expected: `${length} bytes, as announced` });
  }
}

/** The whole body. @throws ERR_FRAME_TOO_LARGE before any of it is read, ERR_FRAME_MALFORMED, ERR_BODY_DIGEST */
export async function wholeBody(request: FastifyRequest, maxBytes: number): Promise<Bytes> {
  const { length, digest } = factsOf(request);
  if (length > maxBytes) throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: length, maxBytes });
  const body = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of announcedBody(request)) {
    body.set(chunk, filled);
    filled += chunk.length;
  }
  if (createHash("sha256").update(body).digest("hex") !== digest) throw new SluiceError("ERR_BODY_DIGEST");
  return body;
}
