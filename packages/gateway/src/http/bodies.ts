/** Bodies: JSON and envelopes, bounded, and kept as they arrived because signatures cover the bytes.
 *  @module */
import { noteEnvelope } from "@sluice/evidence/observe";
import {
  BINARY_MEDIA_TYPE,
  decodeCall,
  fromUtf8,
  MAX_BUNDLE_BYTES,
  MAX_ENVELOPE_JSON_BYTES,
  MAX_FRAME_BYTES,
  SluiceError,
  type CallEnvelope,
} from "@sluice/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { bodyBytes } from "./request-members.ts";

/** version ‖ length ‖ request ‖ length ‖ frame. */
const ENVELOPE_OVERHEAD_BYTES = 2 + 2 + MAX_ENVELOPE_JSON_BYTES + 3;
/** Largest body of `POST /v1/calls`, and largest answer. */
export const MAX_CALL_BYTES = ENVELOPE_OVERHEAD_BYTES + MAX_FRAME_BYTES;
/** Largest body of `POST /v1/jobs`. */
export const MAX_JOB_BYTES = ENVELOPE_OVERHEAD_BYTES + MAX_BUNDLE_BYTES;
/** Largest body of `POST /v1/builds`, whose frame is empty. */
export const MAX_BUILD_BYTES = ENVELOPE_OVERHEAD_BYTES;

/** Documents a binary body or answer; the struct stands above its codec. */
export const BinaryBody = z.unknown().meta({ type: "string", format: "binary" });

/** Installs the two parsers; every other media type is refused. */
export function installBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    const bytes = bytesOf(body);
    request.rawBody = bytes;
    try {
      done(null, bytes.length === 0 ? undefined : (JSON.parse(fromUtf8(bytes)) as unknown));
    } catch (cause) {
      done(new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "UTF-8 JSON" }, { cause }), undefined);
    }
  });
  server.addContentTypeParser(BINARY_MEDIA_TYPE, { parseAs: "buffer" }, (request, body, done) => {
    request.rawBody = bytesOf(body);
    done(null, null);
  });
}

/** The envelope in the body. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function callEnvelope(request: FastifyRequest): CallEnvelope {
  const envelope = decodeCall(bodyBytes(request));
  noteEnvelope(request, envelope);
  return envelope;
}

function bytesOf(body: string | Buffer): Uint8Array {
  return typeof body === "string"
    ? new TextEncoder().encode(body)
    : new Uint8Array(body.buffer, body.byteOffset, body.length);
}
