/** Bodies as they arrived.
 *  @module */
import { noteEnvelope } from "@sluice/evidence/observe";
import { decodeCall, fromUtf8, SluiceError, type Bytes, type CallEnvelope } from "@sluice/protocol";
import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { parseBody } from "./errors.ts";

/** The raw bytes of the body; empty when there is none. */
export function rawBody(request: FastifyRequest): Bytes {
  return request.body instanceof Uint8Array ? new Uint8Array(request.body) : new Uint8Array(0);
}

/** The envelope in the body. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function callBody(request: FastifyRequest): CallEnvelope {
  const envelope = decodeCall(rawBody(request));
  noteEnvelope(request, envelope);
  return envelope;
}

/** The JSON body parsed by `schema`. @throws ERR_BODY_INVALID */
export function jsonBody<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(rawBody(request)));
  } catch (cause) {
    throw new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "UTF-8 JSON" }, { cause });
  }
  return parseBody(schema, value);
}
