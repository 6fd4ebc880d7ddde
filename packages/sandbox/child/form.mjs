// @ts-check
/** The canonical form of a run's output, as the decoder writes it and the checker reads it (`src/form-reader.ts`):
 *  little-endian, kinds and rules as numbers, names as places in the manifest. Nothing in it is JSON, and no text of
 *  the job's is in it but names of features, columns and levels of models, and the words of a manifest.
 *
 *  struct { uint8 magic[4]; uint8 shape; select (shape) {
 *    case refused:  uint16 output; uint8 rule;
 *    case released, served: uint16 count; { uint16 output; uint8 kind; body }…
 *    case manifest: Tree;
 *  } } Form;
 *  @module */

/** "SLF" and the version of the form. */
const MAGIC = [0x53, 0x4c, 0x46, 1];

/** What a form holds. */
export const SHAPE = { refused: 0, released: 1, served: 2, manifest: 3 };

/** Kinds of outputs. */
export const KIND = {
  metrics: 1,
  "linear-model": 2,
  "tree-model": 3,
  scorecard: 4,
  clusters: 5,
  labels: 16,
  set: 17,
  table: 18,
  "square-network": 19,
};

/** Rules that a decoder refuses by; `src/form-rules.ts` has their names. */
export const RULE = {
  outputSize: 1,
  outputFormat: 2,
  outputUndeclared: 3,
  outputMissing: 4,
  metricsFinite: 5,
  metricsKeys: 6,
  modelForm: 7,
  labelsForm: 8,
  labelsVocabulary: 9,
  setForm: 10,
  setValues: 11,
  tableForm: 12,
  tableLevels: 13,
  tableLength: 14,
  tableFinite: 15,
  manifestForm: 16,
  networkForm: 17,
};

/** Stands for all outputs. */
export const ALL_OUTPUTS = 0xffff;

/** An output that breaks a rule: an answer, not a fault. */
export class Refusal extends Error {
  /** @param {number} rule @param {number} output place of the output in the manifest */
  constructor(rule, output = ALL_OUTPUTS) {
    super("refused");
    this.rule = rule;
    this.output = output;
  }
}

const encoder = new TextEncoder();
const CHUNK_BYTES = 4_096;

/** Collects a form; long columns are kept as they are, not copied. */
export class FormWriter {
  /** @type {Uint8Array[]} */
  #parts = [];
  #chunk = new DataView(new ArrayBuffer(CHUNK_BYTES));
  #used = 0;

  /** @param {number} shape */
  constructor(shape) {
    for (const byte of [...MAGIC, shape]) this.u8(byte);
  }

  /** @param {number} value */
  u8(value) {
    this.#chunk.setUint8(this.#room(1), value);
    return this;
  }

  /** @param {number} value */
  u16(value) {
    this.#chunk.setUint16(this.#room(2), value, true);
    return this;
  }

  /** @param {number} value */
  u32(value) {
    this.#chunk.setUint32(this.#room(4), value, true);
    return this;
  }

  /** A finite number. There is one zero. @param {number} value */
  f64(value) {
    this.#chunk.setFloat64(this.#room(8), value === 0 ? 0 : value, true);
    return this;
  }

  /** Well-formed text of at most 65,535 bytes. @param {string} text */
  text(text) {
    const bytes = encoder.encode(text);
    return this.u16(bytes.length).bytes(bytes);
  }

  /** @param {Uint8Array} bytes */
  bytes(bytes) {
    this.#flush();
    this.#parts.push(bytes);
    return this;
  }

  /** The form, in parts. */
  finish() {
    this.#flush();
    return this.#parts;
  }

  /** @param {number} size */
  #room(size) {
    if (this.#used + size > CHUNK_BYTES) this.#flush();
    const at = this.#used;
    this.#used += size;
    return at;
  }

  #flush() {
    if (this.#used > 0) this.#parts.push(new Uint8Array(this.#chunk.buffer, 0, this.#used).slice());
    this.#used = 0;
  }
}
