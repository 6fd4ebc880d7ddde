// @ts-check
/** Entry of the single-use process that runs one job. Prepares an isolate, says that it is ready, reads one framed
 *  input from stdin, runs it, writes frames to stdout and waits to be killed. The parent treats all it writes as hostile.
 *  A job that reads in batches asks for each with a frame. Columns and batches follow on stdin, or come by the pipe whose
 *  descriptor the input names.
 *
 *  struct { uint32 heapMebibytes; uint32 bootstrapLength; opaque bootstrap[bootstrapLength]; } Preparation;
 *  struct { uint32 headerLength; opaque header[headerLength]; uint32 from; opaque bundle[sizes[0]]; } RunInput;
 *  struct { opaque columns[sizes[1]]… } Columns;
 *  struct { uint8 kind; uint32 length; opaque body[length]; } Frame;
 *  @module */
import { Buffer } from "node:buffer";
import { readSync, writeSync } from "node:fs";

// Importing `node:process` would evaluate `process.stdin`, and reading would no longer wait for bytes but turn and sleep.
const { process } = globalThis;

const FRAME = { ready: 1, progress: 2, log: 3, result: 4, failure: 5, metric: 6, want: 7 };
const MAX_HEADER_BYTES = 64 * 1_048_576;
const MAX_RESULT_BYTES = 64 * 1_048_576;
const MEBIBYTE = 1_048_576;
/** Batches that may stand in memory: one that is read, and one that the collector has not counted out. */
const LIVE_BATCHES = 2;
const SAMPLE_MS = 20;
/** Resident memory that a run may gain beyond its limit: V8's own structures. */
const MEMORY_SLACK_BYTES = 48 * MEBIBYTE;

/** @param {number} kind @param {Uint8Array[]} parts */
function send(kind, ...parts) {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(totalLength(parts), 1);
  for (const part of [head, ...parts]) writeAll(part);
}

/** Writes without letting the event loop run, so that frames of a flood cannot pile up here.
 *  @param {Uint8Array} bytes */
function writeAll(bytes) {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(1, bytes, offset);
    } catch (error) {
      waitOrDie(error);
    }
  }
}

/** @param {unknown} error */
function waitOrDie(error) {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") die();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** @param {readonly Uint8Array[]} parts */
function totalLength(parts) {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

let settled = false;
/** The first word counts. @param {string} failure @param {string} text */
function fail(failure, text) {
  if (settled) return;
  settled = true;
  send(FRAME.failure, Buffer.from(JSON.stringify({ failure, text: text.slice(0, 200) })));
}

/** @returns {never} */
function die() {
  process.kill(process.pid, "SIGKILL");
  // The first process of a namespace does not hear its own signals.
  process.abort();
}

/** The next bytes of a pipe, in a buffer of their own. They are read by the system into that buffer: there is nothing
 *  else to do until the job is here, and a stream would copy them. @param {number} length */
function readExactly(length, fd = 0) {
  const target = new Uint8Array(new ArrayBuffer(length));
  for (let offset = 0; offset < length;) {
    try {
      const count = readSync(fd, target, offset, length - offset, null);
      if (count === 0) die();
      offset += count;
    } catch (error) {
      waitOrDie(error);
    }
  }
  return target;
}

/** @param {number} value */
function word(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function readWord() {
  return Buffer.from(readExactly(4)).readUInt32BE(0);
}

function loadEngine() {
  const addon = { exports: /** @type {any} */ ({}) };
  process.dlopen(addon, /** @type {string} */ (process.argv[2]));
  return /** @type {typeof import("isolated-vm")} */ (addon.exports.ivm);
}

/** Gives up what the engine's loading needed. Whether nothing of it is left. */
function dropPermissions() {
  const permission = /** @type {any} */ (process.permission);
  if (permission === undefined) return false;
  if (typeof permission.drop === "function") {
    permission.drop("fs");
    permission.drop("addon");
  }
  return ["fs.read", "fs.write", "child", "worker", "wasi"].every((scope) => !permission.has(scope));
}

const parent = process.ppid;
const ivm = loadEngine();
const permissionsDropped = dropPermissions();

/** @type {string | undefined} */
let resultText;
const callbacks = [
  (/** @type {string} */ line) => send(FRAME.log, Buffer.from(line.slice(0, 200))),
  (/** @type {number} */ percent) => send(FRAME.progress, Buffer.from([percent & 0x7f])),
  (/** @type {string} */ outcome, /** @type {string} */ text) => {
    if (outcome === "done") resultText ??= text;
    else fail(outcome, text);
  },
  (/** @type {string} */ name, /** @type {number} */ value) => {
    const number = Buffer.alloc(8);
    number.writeDoubleBE(value);
    send(FRAME.metric, number, Buffer.from(name.slice(0, 40), "latin1"));
  },
  (/** @type {number} */ index) => {
    const { count, bytes, lastBytes } = header.batches;
    send(FRAME.want, word(index >>> 0));
    const batch = readExactly(index < count - 1 ? bytes : lastBytes, from);
    return new ivm.ExternalCopy(batch.buffer, { transferOut: true }).copyInto({ transferIn: true, release: true });
  },
].map((callback) => new ivm.Callback(callback));

/** An isolate in which the first script has run and no other. @param {number} heapMebibytes @param {string} source */
async function prepare(heapMebibytes, source) {
  const isolate = new ivm.Isolate({ memoryLimit: heapMebibytes, onCatastrophicError: () => fail("memory", "") });
  const context = await isolate.createContext();
  const module = await isolate.compileModule(source, { filename: "bootstrap.js" });
  await module.instantiate(context, () => {
    throw new Error("the first script imports nothing");
  });
  await module.evaluate();
  const start = await module.namespace.get("default", { reference: true });
  const enter = await start.apply(undefined, callbacks, { result: { reference: true } });
  start.release();
  return { isolate, enter, heapMebibytes };
}

const preparedMebibytes = readWord();
const bootstrapSource = Buffer.from(readExactly(readWord())).toString("utf8");
let prepared = await prepare(preparedMebibytes, bootstrapSource);
send(FRAME.ready, Buffer.from([permissionsDropped ? 1 : 0]));

const headerLength = readWord();
if (headerLength > MAX_HEADER_BYTES) die();
const headerText = Buffer.from(readExactly(headerLength)).toString("utf8");
/** @type {{ memoryLimitBytes: number, sizes: number[], read: string, batches: { count: number, bytes: number, lastBytes: number } }} */
const header = JSON.parse(headerText);
const from = readWord();
const code = readExactly(header.sizes[0] ?? 0);
const data = header.sizes.slice(1).map((size) => readExactly(size, from));

const batchBytes = header.read === "batches" ? LIVE_BATCHES * header.batches.bytes : 0;
const dataBytes = totalLength(data) + batchBytes;
const memoryCeiling = process.memoryUsage.rss() + header.memoryLimitBytes + batchBytes + MEMORY_SLACK_BYTES;
setInterval(() => {
  // Without the parent nobody waits for this run. In a namespace of its own, the namespace ends with the parent.
  if (process.ppid !== parent) die();
  if (process.memoryUsage.rss() <= memoryCeiling) return;
  fail("memory", "");
  die();
}, SAMPLE_MS);

async function run() {
  // Transferred columns count against the isolate's limit, so they are added to it.
  const bytes = header.memoryLimitBytes + dataBytes + headerLength;
  const heapMebibytes = Math.max(8, Math.ceil(bytes / MEBIBYTE));
  if (heapMebibytes !== prepared.heapMebibytes) {
    prepared.isolate.dispose();
    prepared = await prepare(heapMebibytes, bootstrapSource);
  }
  const { enter } = prepared;
  const columns = data.map((part) =>
    new ivm.ExternalCopy(part.buffer, { transferOut: true }).copyInto({ transferIn: true, release: true }),
  );
  // Microtasks run to their end before this returns: a job that has not settled then never will.
  const jobSource = Buffer.from(code).toString("utf8");
  await enter.apply(undefined, ["start", headerText, jobSource, ...columns], { result: { copy: true } });
  if (settled) return;
  if (resultText === undefined) return fail("threw", "it returned a promise that never settles");
  await sendResult(enter, Buffer.from(resultText));
}

/** @param {any} enter @param {Uint8Array} json */
async function sendResult(enter, json) {
  const parts = [json];
  // Every part has a length before it, and the buffers their count.
  let size = 4 + json.length + 4;
  for (;;) {
    const buffer = await enter.apply(undefined, ["take", parts.length - 1], { result: { copy: true } });
    if (!(buffer instanceof ArrayBuffer)) break;
    parts.push(new Uint8Array(buffer));
    size += 4 + buffer.byteLength;
    if (size > MAX_RESULT_BYTES) return fail("too-large", "");
  }
  if (settled) return;
  settled = true;
  // struct { uint32 jsonLength; opaque json[]; uint32 count; { uint32 length; opaque bytes[] }… }
  const framed = [word(json.length), json, word(parts.length - 1)];
  for (const part of parts.slice(1)) framed.push(word(part.length), part);
  send(FRAME.result, ...framed);
}

/** Nothing is left to do or to watch: waits to be killed, without turning, or for the end of its input.
 *  @returns {never} */
function waitForEnd() {
  for (;;) readExactly(1);
}

run()
  .catch((/** @type {any} */ error) => {
    const message = String(error?.message);
    fail(/memory limit|allocation failed/i.test(message) ? "memory" : "crashed", "");
  })
  .finally(waitForEnd);
