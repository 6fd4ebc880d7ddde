/** Production calls of many messages. The gateway admits each message, passes the exact bytes on, and sees sizes only; the
 *  answers from which the domain has issued its receipt go on when that is booked.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  decodeSessionReply,
  encodeSessionReply,
  isSluiceError,
  MAX_SESSION_PACKET_BYTES,
  MAX_SESSION_REPLY_BYTES,
  documentHash,
  Name,
  Random128,
  SluiceError,
  type Bytes,
  type Party,
  type SessionReply,
  type UseRequest,
} from "@sluice/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { BinaryBody, callEnvelope, MAX_BUILD_BYTES } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { bodyBytes, signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRequestSigner } from "../rules/request-signer.ts";
import { bookAnswer } from "../work/book-answer.ts";

/** Largest message: version, number, length, and a sealed packet. */
const MAX_MESSAGE_BYTES = 2 + 4 + 3 + MAX_SESSION_PACKET_BYTES + 16;
/** Largest call that opens a session: its frame is some hundred bytes. */
const MAX_OPENING_BYTES = MAX_BUILD_BYTES + 1_024;
const ANSWERED = {
  produces: [BINARY_MEDIA_TYPE],
  response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
};
const SESSION = z.object({ domain: Name, callId: Random128 });

/** `POST /v1/sessions` and `POST /v1/sessions/{domain}/{callId}`. */
export function sessionRoutes(server: ZodServer, context: GatewayContext): void {
  // As for calls: the domain refuses what it has seen.
  const config = { durableNonce: false };
  server.post(
    "/v1/sessions",
    {
      bodyLimit: MAX_OPENING_BYTES,
      config,
      schema: {
        summary: "Open a call of many messages (CallEnvelope → SessionReply)",
        consumes: [BINARY_MEDIA_TYPE],
        body: BinaryBody,
        ...ANSWERED,
      },
    },
    async (request, reply) =>
      await admitted(context, request, reply, (bytes, party) => open(context, request, bytes, party)),
  );
  server.post(
    "/v1/sessions/:domain/:callId",
    {
      bodyLimit: MAX_MESSAGE_BYTES,
      config,
      schema: {
        summary: "Send a message of an open call (SessionMessage → SessionReply)",
        consumes: [BINARY_MEDIA_TYPE],
        params: SESSION,
        body: BinaryBody,
        ...ANSWERED,
      },
    },
    async (request, reply) =>
      await admitted(context, request, reply, (bytes, party) => goOn(context, request.params, bytes, party)),
  );
}

async function admitted(
  context: GatewayContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (bytes: Bytes, party: Party) => Promise<SessionReply>,
): Promise<FastifyReply> {
  const party = signerOf(request);
  const bytes = bodyBytes(request);
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  const asking = { kind: "session", party: party.party, sizeBytes: bytes.length, signal: gone.signal } as const;
  const answered = await context.admission.run(asking, () => work(bytes, party));
  return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeSessionReply(answered)));
}

async function open(context: GatewayContext, http: FastifyRequest, bytes: Bytes, party: Party): Promise<SessionReply> {
  const { request } = callEnvelope(http);
  const { body } = request;
  requireRequestSigner(request, party);
  const { domain } = context.products.get(body.product, body.version);
  if (domain !== body.domain) throw new SluiceError("ERR_GRANT_DOMAIN", { domain });
  context.requests.add(await documentHash(body), request);
  const replyBytes = await context.link.bytes(context.domains.get(domain), {
    method: "POST",
    path: "/v1/sessions",
    binary: bytes,
    maxAnswerBytes: MAX_SESSION_REPLY_BYTES,
    ...context.link.patience(body.operation),
  });
  return await booked(context, readReply(replyBytes), { request: body, party });
}

async function goOn(
  context: GatewayContext,
  { domain, callId }: z.infer<typeof SESSION>,
  bytes: Bytes,
  party: Party,
): Promise<SessionReply> {
  const replyBytes = await context.link.bytes(context.domains.get(domain), {
    method: "POST",
    path: `/v1/sessions/${callId}`,
    binary: bytes,
    maxAnswerBytes: MAX_SESSION_REPLY_BYTES,
  });
  const reply = readReply(replyBytes);
  if (reply.answer === null) return reply;
  const request = context.requests.find(callId, reply.answer.receipt.receipt.body.request)?.body ?? null;
  // What cannot be booked does not go on.
  if (request === null) throw new SluiceError("ERR_SESSION_ENDED", { reason: "the gateway has begun anew meanwhile" });
  return await booked(context, reply, { request, party });
}

async function booked(
  context: GatewayContext,
  { sealed, answer }: SessionReply,
  use: { readonly request: UseRequest; readonly party: Party },
): Promise<SessionReply> {
  return { sealed, answer: answer === null ? null : await bookAnswer(context, answer, use) };
}

function readReply(bytes: Bytes): SessionReply {
  try {
    return decodeSessionReply(bytes);
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
    throw new SluiceError("ERR_ANSWER_ALTERED", {}, { cause });
  }
}
