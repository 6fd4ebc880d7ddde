/** Production calls. The gateway admits, passes the exact bytes on, and books what the domain's receipt says; it
 *  cannot read a query, and cannot make or alter an answer that its caller accepts.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  decodeAnswer,
  documentHash,
  encodeAnswer,
  isSluiceError,
  SluiceError,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type Party,
} from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { BinaryBody, callEnvelope, MAX_CALL_BYTES } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { bodyBytes, signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRequestSigner } from "../rules/request-signer.ts";
import { workKindOf } from "../work/admission.ts";
import { bookAnswer } from "../work/book-answer.ts";

/** `POST /v1/calls`. */
export function callRoutes(server: ZodServer, context: GatewayContext): void {
  server.post(
    "/v1/calls",
    {
      bodyLimit: MAX_CALL_BYTES,
      // The domain refuses a request it has seen; a second commit before each call would buy nothing.
      config: { durableNonce: false },
      schema: {
        summary: "Call a product (CallEnvelope → AnswerEnvelope)",
        consumes: [BINARY_MEDIA_TYPE],
        body: BinaryBody,
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const party = signerOf(request);
      const envelope = callEnvelope(request);
      const bytes = bodyBytes(request);
      const kind = workKindOf(envelope.request.body.operation);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const asking = { kind, party: party.party, sizeBytes: bytes.length, signal: gone.signal };
      const answer = await context.admission.run(asking, () => passOn(context, envelope, bytes, party));
      return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeAnswer(answer)));
    },
  );
}

async function passOn(
  context: GatewayContext,
  { request }: CallEnvelope,
  bytes: Bytes,
  party: Party,
): Promise<AnswerEnvelope> {
  const { body } = request;
  requireRequestSigner(request, party);
  const { domain } = context.products.get(body.product, body.version);
  if (domain !== body.domain) throw new SluiceError("ERR_GRANT_DOMAIN", { domain });
  context.requests.add(await documentHash(body), request);
  const answerBytes = await context.link.bytes(context.domains.get(domain), {
    method: "POST",
    path: "/v1/calls",
    binary: bytes,
    maxAnswerBytes: MAX_CALL_BYTES,
    ...context.link.patience(body.operation),
  });
  return await bookAnswer(context, readAnswer(answerBytes), { request: body, party });
}

function readAnswer(bytes: Bytes): AnswerEnvelope {
  try {
    return decodeAnswer(bytes);
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
    throw new SluiceError("ERR_ANSWER_ALTERED", {}, { cause });
  }
}
