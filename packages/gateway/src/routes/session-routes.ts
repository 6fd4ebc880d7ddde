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
  Name,
  Random128,
  SluiceError,
  type Bytes,
  type Party,
  type SessionReply,
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
  const forget = context.openings.add(request, party.keyId);
  const replyBytes = await context.link
    .bytes(context.domains.get(domain), {
      method: "POST",
      path: "/v1/sessions",
      binary: bytes,
      maxAnswerBytes: MAX_SESSION_REPLY_BYTES,
      ...context.link.patience(body.operation),
    })
    .catch((error: unknown) => {
      // Nothing goes on that the domain has refused; what got no answer may have been opened.
      if (isSluiceError(error) && error.refusedBy !== undefined && error.status < 500) forget();
      throw error;
    });
  return await booked(context, readReply(replyBytes), { party, callId: body.callId });
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
  return await booked(context, readReply(replyBytes), { party, callId });
}

async function booked(
  context: GatewayContext,
  { sealed, answer }: SessionReply,
  { party, callId }: { readonly party: Party; readonly callId: string },
): Promise<SessionReply> {
  if (answer === null) return { sealed, answer };
  const attempts = context.openings.find(callId, party.keyId);
  const request = attempts[0]?.body;
  // What cannot be booked does not go on; its caller opens the call again, and repeats its message.
  if (request === undefined)
    throw new SluiceError("ERR_SESSION_ENDED", { reason: "the gateway knows no such opening" });
  return { sealed, answer: await bookAnswer(context, answer, { request, party, attempts }) };
}

function readReply(bytes: Bytes): SessionReply {
  try {
    return decodeSessionReply(bytes);
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
    throw new SluiceError("ERR_ANSWER_ALTERED", {}, { cause });
  }
}
