// @ts-check
/** Entry of the single-use process that decodes one output. Reads one framed input from stdin, writes the canonical
 *  form as one frame to stdout, and waits for the end of its input. It has no engine, no rows and no right to files; the
 *  parent and the checker treat all it writes as hostile.
 *
 *  struct { uint32 manifestLength; opaque manifest[manifestLength]; uint32 outputLength; opaque output[outputLength]; } DecodeInput;
 *  struct { uint8 kind; uint32 length; opaque body[length]; } Frame;
 *  @module */
import { Buffer } from "node:buffer";
import { readSync, writeSync } from "node:fs";
import { decodeManifest, decodeOutput } from "./decode.mjs";

// Importing `node:process` would evaluate `process.stdin`, and reading would no longer wait for bytes but turn and sleep.
const { process } = globalThis;

const FRAME = { ready: 1, result: 4 };
const MAX_MANIFEST_BYTES = 1_048_576;
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

/** Both descriptors block; where they do not, waits for them. @param {() => number} transfer */
function blocking(transfer) {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") process.exit(1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** The next bytes of stdin, in a buffer of their own; without a parent nobody waits. @param {number} length */
function readExactly(length) {
  const bytes = new Uint8Array(length);
  for (let offset = 0; offset < length;) {
    const read = blocking(() => readSync(0, bytes, offset, length - offset, null));
    if (read === 0) process.exit(0);
    offset += read;
  }
  return bytes;
}

/** @param {number} limit */
function readOpaque(limit) {
  const length = Buffer.from(readExactly(4)).readUInt32BE();
  if (length > limit) process.exit(1);
  return readExactly(length);
}

/** @param {number} kind @param {readonly Uint8Array[]} parts */
function send(kind, parts) {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind);
  head.writeUInt32BE(
    parts.reduce((sum, { length }) => sum + length, 0),
    1,
  );
  for (const part of [head, ...parts]) {
    for (let offset = 0; offset < part.length;) offset += blocking(() => writeSync(1, part, offset));
  }
}

/** Gives up what loading needed. Whether nothing of it is left. */
function dropPermissions() {
  const permission = /** @type {any} */ (process.permission);
  if (permission === undefined) return false;
  permission.drop?.("fs");
  return ["fs.read", "fs.write", "child", "worker", "wasi", "addon"].every((scope) => !permission.has(scope));
}

send(FRAME.ready, [new Uint8Array([dropPermissions() ? 1 : 0])]);
const manifest = readOpaque(MAX_MANIFEST_BYTES);
const output = readOpaque(MAX_OUTPUT_BYTES);
send(
  FRAME.result,
  manifest.length === 0
    ? decodeManifest(output)
    : decodeOutput(output, JSON.parse(Buffer.from(manifest).toString("utf8"))),
);
readExactly(1);
