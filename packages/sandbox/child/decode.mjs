// @ts-check
/** From the bytes that user code wrote to the canonical form, strictly by the manifest. Runs in a process that holds
 *  nothing else: no rows, no keys, no engine.
 *
 *  struct { uint32 jsonLength; opaque json[jsonLength]; uint32 count; { uint32 length; opaque bytes[length]; }… } Output;
 *  @module */
import { writeTree } from "./decode-manifest.mjs";
import { decodeReleased } from "./decode-released.mjs";
import { decodeServed } from "./decode-served.mjs";
import { FormWriter, KIND, Refusal, RULE, SHAPE } from "./form.mjs";
import { hasExactly, isRecord } from "./records.mjs";

const MAX_OUTPUT_BYTES = 64 * 1_048_576;
const MAX_JSON_BYTES = 1_048_576;
const MAX_BUFFERS = 64;
const MAX_NAME_CHARS = 40;
/** Kinds that `produce` returns; those that a domain makes from their declaration are returned by nobody. */
const PRODUCED = ["labels", "set", "table", "square-network"];
const DECLARED = ["sum", "score", "noisy-table", "dataset", "hidden-selection"];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The form of what a run returned, exactly as `manifest` declares it: every output of one class, and no other.
 *  @param {Uint8Array} bytes @param {{ outputs: Record<string, any> }} manifest @returns {Uint8Array[]} */
export function decodeOutput(bytes, manifest) {
  return answered(() => {
    const { document, buffers } = split(bytes);
    if (!isRecord(document) || !hasExactly(document, ["outputs"]) || !isRecord(document.outputs)) {
      throw new Refusal(RULE.outputFormat);
    }
    const { outputs } = document;
    const returned = Object.keys(outputs);
    if (returned.some((name) => name.length > MAX_NAME_CHARS)) throw new Refusal(RULE.outputFormat);
    const declared = Object.entries(manifest.outputs).map(([name, spec], index) => ({ name, spec, index }));
    const served = declared.some(({ name, spec }) => PRODUCED.includes(spec.kind) && Object.hasOwn(outputs, name));
    const expected = declared.filter(({ spec: { kind } }) =>
      served ? PRODUCED.includes(kind) : !PRODUCED.includes(kind) && !DECLARED.includes(kind),
    );
    if (returned.length > expected.length) throw new Refusal(RULE.outputUndeclared);
    for (const { name, index } of expected) {
      if (!Object.hasOwn(outputs, name)) throw new Refusal(RULE.outputMissing, index);
    }
    if (!served && buffers.size > 0) throw new Refusal(RULE.outputFormat);
    const form = new FormWriter(served ? SHAPE.served : SHAPE.released).u16(expected.length);
    for (const { name, spec, index } of expected) {
      form.u16(index).u8(KIND[/** @type {keyof typeof KIND} */ (spec.kind)]);
      if (served) decodeServed(form, index, spec, outputs[name], buffers);
      else decodeReleased(form, index, spec, outputs[name]);
    }
    if (buffers.size > 0) throw new Refusal(RULE.outputFormat);
    return form;
  });
}

/** The form of what a bundle says of itself. Whether that is a manifest is for the checker to say.
 *  @param {Uint8Array} bytes @returns {Uint8Array[]} */
export function decodeManifest(bytes) {
  return answered(() => {
    const { document, buffers } = split(bytes);
    if (buffers.size > 0) throw new Refusal(RULE.manifestForm);
    const form = new FormWriter(SHAPE.manifest);
    writeTree(form, document);
    return form;
  });
}

/** @param {() => FormWriter} decode */
function answered(decode) {
  try {
    return decode().finish();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return new FormWriter(SHAPE.refused).u16(error.output).u8(error.rule).finish();
  }
}

/** The JSON document and the buffers of an output. @param {Uint8Array} bytes */
function split(bytes) {
  if (bytes.length > MAX_OUTPUT_BYTES) throw new Refusal(RULE.outputSize);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const length = () => {
    if (bytes.length - offset < 4) throw new Refusal(RULE.outputFormat);
    offset += 4;
    return view.getUint32(offset - 4);
  };
  const take = (/** @type {number} */ size) => {
    if (bytes.length - offset < size) throw new Refusal(RULE.outputFormat);
    offset += size;
    return bytes.subarray(offset - size, offset);
  };
  const jsonLength = length();
  if (jsonLength > MAX_JSON_BYTES) throw new Refusal(RULE.outputSize);
  const json = take(jsonLength);
  const count = length();
  if (count > MAX_BUFFERS) throw new Refusal(RULE.outputSize);
  /** Buffers that no column has taken yet. @type {Map<number, Uint8Array>} */
  const buffers = new Map();
  for (let i = 0; i < count; i++) buffers.set(i, take(length()));
  if (offset !== bytes.length) throw new Refusal(RULE.outputFormat);
  return { document: parseJson(json), buffers };
}

/** @param {Uint8Array} bytes */
function parseJson(bytes) {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}
