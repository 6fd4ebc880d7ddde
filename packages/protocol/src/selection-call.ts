/** What the two calls of a hidden selection carry: the registration of a commitment, and the selection with a request under it.
 *  The frames inside are those of the roles (selection.ts).
 *  @module */
import type { Bytes } from "./bytes.ts";
import { ByteReader, ByteWriter } from "./codec.ts";
import { SluiceError } from "./errors.ts";
import { MAX_SELECTION_GROUPS, MAX_SELECTION_MEASURES } from "./selection-parameters.ts";

const VERSION = 1;
const KINDS = { registration: 4, registered: 5, call: 6 } as const;
const HASH_BYTES = 32;
/** 64 bytes of ciphertext and 224 of proof for each group, 160 for each total; and the head. */
const MAX_SELECTION_BYTES = MAX_SELECTION_GROUPS * (64 + 224 + 128) + 256;
const MAX_REQUEST_BYTES = 256 + MAX_SELECTION_MEASURES;

/** Registers a commitment before anything is asked under it. */
export type SelectionRegistration = {
  /** Hash of the snapshot that is asked. */
  snapshot: Bytes;
  commitment: Bytes;
};

/** Whether bytes begin as a SelectionRegistration does. */
export function isSelectionRegistration(bytes: Bytes): boolean {
  return bytes[2] === KINDS.registration;
}

// struct { uint16 version; uint8 kind = 4; opaque snapshot[32]; opaque commitment[32]; } SelectionRegistration;
/** Bytes of a registration. @throws ERR_FRAME_MALFORMED */
export function encodeSelectionRegistration({ snapshot, commitment }: SelectionRegistration): Bytes {
  return head("registration").fixed(hash("snapshot", snapshot)).fixed(hash("commitment", commitment)).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSelectionRegistration(bytes: Bytes): SelectionRegistration {
  const reader = new ByteReader(bytes);
  expectHead(reader, "registration");
  const registration = { snapshot: reader.fixed(HASH_BYTES), commitment: reader.fixed(HASH_BYTES) };
  reader.end();
  return registration;
}

/** The answer: how many selections of this product the caller has registered, of how many. */
export type SelectionRegistered = { commitment: Bytes; used: number; most: number };

// struct { uint16 version; uint8 kind = 5; opaque commitment[32]; uint16 used; uint16 most; } SelectionRegistered;
/** Bytes of the answer. @throws ERR_FRAME_MALFORMED */
export function encodeSelectionRegistered({ commitment, used, most }: SelectionRegistered): Bytes {
  return head("registered").fixed(hash("commitment", commitment)).uint(used, 2).uint(most, 2).finish();
}

/** @throws ERR_FRAME_MALFORMED */
export function decodeSelectionRegistered(bytes: Bytes): SelectionRegistered {
  const reader = new ByteReader(bytes);
  expectHead(reader, "registered");
  const registered = { commitment: reader.fixed(HASH_BYTES), used: reader.uint(2), most: reader.uint(2) };
  reader.end();
  return registered;
}

/** Asks for sums: a Selection that was registered, and a SelectionRequest under it. */
export type SelectionCall = {
  /** Hash of the snapshot that is asked. */
  snapshot: Bytes;
  selection: Bytes;
  request: Bytes;
};

// struct { uint16 version; uint8 kind = 6; opaque snapshot[32]; opaque selection<0..426240>; opaque request<0..272>; } SelectionCall;
/** Bytes of a call. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function encodeSelectionCall({ snapshot, selection, request }: SelectionCall): Bytes {
  return head("call")
    .fixed(hash("snapshot", snapshot))
    .opaque(selection, MAX_SELECTION_BYTES)
    .opaque(request, MAX_REQUEST_BYTES)
    .finish();
}

/** @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function decodeSelectionCall(bytes: Bytes): SelectionCall {
  const reader = new ByteReader(bytes);
  expectHead(reader, "call");
  const call = {
    snapshot: reader.fixed(HASH_BYTES),
    selection: reader.opaque(MAX_SELECTION_BYTES),
    request: reader.opaque(MAX_REQUEST_BYTES),
  };
  reader.end();
  return call;
}

function head(kind: keyof typeof KINDS): ByteWriter {
  return new ByteWriter().uint(VERSION, 2).uint(KINDS[kind], 1);
}

function expectHead(reader: ByteReader, kind: keyof typeof KINDS): void {
  if (reader.uint(2) !== VERSION) throw malformed("version", String(VERSION));
  if (reader.uint(1) !== KINDS[kind]) throw malformed("kind", kind);
}

function hash(field: string, bytes: Bytes): Bytes {
  if (bytes.length !== HASH_BYTES) throw malformed(field, `${HASH_BYTES} bytes`);
  return bytes;
}

function malformed(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_FRAME_MALFORMED", { field, expected });
}
