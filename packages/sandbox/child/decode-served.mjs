// @ts-check
/** Outputs that stay in the domain and serve, into the canonical form: columns of one entry per row, and the numbers of a model.
 *  @module */
import { decodeNetwork } from "./decode-network.mjs";
import { Refusal, RULE } from "./form.mjs";
import { hasExactly, isRecord } from "./records.mjs";

/** Code of a row that is in no group. */
const NO_LEVEL = 255;

/** @param {import("./form.mjs").FormWriter} form @param {number} index @param {any} spec @param {unknown} value
 *  @param {Map<number, Uint8Array>} buffers */
export function decodeServed(form, index, spec, value, buffers) {
  const refuse = (/** @type {number} */ rule) => new Refusal(rule, index);
  switch (spec.kind) {
    case "labels": {
      const codes = codesOf("labels", value, buffers);
      if (codes === undefined) throw refuse(RULE.labelsForm);
      if (!areBelow(codes, spec.vocabulary.length, null)) throw refuse(RULE.labelsVocabulary);
      form.u32(codes.length).bytes(codes);
      return;
    }
    case "set": {
      const members = codesOf("set", value, buffers);
      if (members === undefined) throw refuse(RULE.setForm);
      if (!areBelow(members, 2, null)) throw refuse(RULE.setValues);
      form.u32(members.length).bytes(members);
      return;
    }
    case "square-network":
      return decodeNetwork(form, spec, value, refuse(RULE.networkForm));
    default:
      return table(form, spec, value, buffers, refuse);
  }
}

// struct { uint32 rows; uint8 codes[rows]; } Labels, Set;
/** @param {string} kind @param {unknown} value @param {Map<number, Uint8Array>} buffers */
function codesOf(kind, value, buffers) {
  if (!isRecord(value) || !hasExactly(value, ["kind", "buffer"]) || value.kind !== kind) return undefined;
  return take(buffers, value.buffer);
}

// struct { uint32 rows; uint8 codes[dimensions][rows]; float64 numbers[measures][rows]; } Table;
/** @param {import("./form.mjs").FormWriter} form @param {any} spec @param {unknown} value
 *  @param {Map<number, Uint8Array>} buffers @param {(rule: number) => Refusal} refuse */
function table(form, spec, value, buffers, refuse) {
  const malformed = refuse(RULE.tableForm);
  if (!isRecord(value) || !hasExactly(value, ["kind", "dimensions", "measures"])) throw malformed;
  const { kind, dimensions, measures } = value;
  const names = spec.dimensions.map((/** @type {{ name: string }} */ { name }) => name);
  if (kind !== "table" || !isRecord(dimensions) || !hasExactly(dimensions, names)) throw malformed;
  if (!isRecord(measures) || !hasExactly(measures, spec.measures)) throw malformed;
  /** @type {Uint8Array[]} */
  const groups = [];
  for (const { name, levels } of spec.dimensions) {
    const codes = take(buffers, dimensions[name]);
    if (codes === undefined) throw malformed;
    if (!areBelow(codes, levels.length, NO_LEVEL)) throw refuse(RULE.tableLevels);
    groups.push(codes);
  }
  /** @type {Float64Array[]} */
  const numbers = [];
  for (const name of spec.measures) {
    const bytes = take(buffers, measures[name]);
    if (bytes === undefined || bytes.length % 8 !== 0) throw malformed;
    const column = new Float64Array(bytes.slice().buffer);
    if (!normalise(column)) throw refuse(RULE.tableFinite);
    numbers.push(column);
  }
  const rows = groups[0]?.length ?? 0;
  if ([...groups, ...numbers].some(({ length }) => length !== rows)) throw refuse(RULE.tableLength);
  form.u32(rows);
  for (const codes of groups) form.bytes(codes);
  for (const { buffer } of numbers) form.bytes(new Uint8Array(buffer));
}

/** The buffer with this index, once. @param {Map<number, Uint8Array>} buffers @param {unknown} index */
function take(buffers, index) {
  if (typeof index !== "number") return undefined;
  const buffer = buffers.get(index);
  buffers.delete(index);
  return buffer;
}

/** @param {Uint8Array} codes @param {number} limit @param {number | null} other */
function areBelow(codes, limit, other) {
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] ?? 0;
    if (code >= limit && code !== other) return false;
  }
  return true;
}

/** Makes every NaN, whose bits could carry others, and every zero the same. False when a number is infinite.
 *  @param {Float64Array} numbers */
function normalise(numbers) {
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] ?? 0;
    if (number === Infinity || number === -Infinity) return false;
    if (number === 0) numbers[row] = 0;
    else if (Number.isNaN(number)) numbers[row] = Number.NaN;
  }
  return true;
}
