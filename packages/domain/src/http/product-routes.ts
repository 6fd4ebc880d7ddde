/** Products: what a caller needs before it asks, and the calls themselves.
 *  @module */
import { Readable } from "node:stream";
import {
  BINARY_MEDIA_TYPE,
  encodeAnswer,
  encodeSessionReply,
  formOfSnapshot,
  SluiceError,
  type Bytes,
} from "@sluice/protocol";
import type { FastifyInstance, FastifyReply } from "fastify";
import { answerCall, whileAnswering } from "../serve/calls.ts";
import type { DomainContext } from "../serve/context.ts";
import { foldersOf, type ServedProduct } from "../state/work.ts";
import { continueSession, openSession } from "../serve/sessions.ts";
import { callBody, rawBody } from "./body.ts";

/** Routes of served products. */
export function productRoutes(server: FastifyInstance, context: DomainContext): void {
  server.get<{ Params: { product: string } }>(
    "/v1/products/:product/snapshot",
    async (request) => find(context, request.params.product).snapshot,
  );
  server.get<{ Params: { product: string; hash: string; part: string } }>(
    "/v1/products/:product/snapshots/:hash/:part",
    async (request, reply) => {
      const { product: name, hash, part } = request.params;
      const served = find(context, name);
      const before = whileAnswering(context, context.work.productBefore(name, served.version));
      const { downloads } = context.formOf(formOfSnapshot(served.snapshot.body));
      const fileOf = Object.hasOwn(downloads, part) ? downloads[part] : undefined;
      if (fileOf === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "snapshot part", name: part });
      const product = [served, before].find((one) => one?.snapshotHash === hash) ?? null;
      if (product === null) throw new SluiceError("ERR_SNAPSHOT");
      const file = fileOf(product);
      if (file === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "snapshot part", name: part });
      return context.indexes.read(foldersOf(product), () => sendPart(context, reply, file));
    },
  );
  server.post("/v1/calls", async (request, reply) => {
    const answer = await answerCall(context, callBody(request), goneSignal(reply));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeAnswer(answer)));
  });
  server.post("/v1/sessions", async (request, reply) => {
    const opened = await openSession(context, callBody(request), goneSignal(reply));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeSessionReply(opened)));
  });
  server.post<{ Params: { callId: string } }>("/v1/sessions/:callId", async (request, reply) => {
    const answered = await continueSession(context, request.params.callId, rawBody(request), goneSignal(reply));
    return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(encodeSessionReply(answered)));
  });
}

/** Aborts when whoever waits for the reply has gone. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Sends a part that never changes under its name, piece by piece; one that was altered ends before its length. */
async function sendPart({ files }: DomainContext, reply: FastifyReply, name: string): Promise<FastifyReply> {
  const sizeBytes = await files.sizeBytes(name);
  const pieces = files.stream(name);
  // From now on the file is open, and can be read to its end, whether or not it is removed meanwhile.
  const first = await pieces.next();
  const content = async function* (): AsyncGenerator<Bytes> {
    if (first.done !== true) yield first.value;
    yield* pieces;
  };
  return reply
    .type(BINARY_MEDIA_TYPE)
    .header("cache-control", "public, max-age=31536000, immutable")
    .header("content-length", sizeBytes)
    .send(Readable.from(content(), { objectMode: false }));
}

function find(context: DomainContext, name: string): ServedProduct {
  const product = context.work.latestProduct(name);
  if (product === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "product", name });
  return product;
}
