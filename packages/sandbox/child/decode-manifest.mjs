// @ts-check
/** What a bundle says of itself, into a bounded tree. The one form that carries a job's words: they become the manifest
 *  that reviewers read.
 *
 *  struct { uint8 tag; select (tag) { case null, false, true: empty; case number: float64; case text: Text;
 *    case list: uint16 count; Tree…; case record: uint16 count; { Text key; Tree; }… } } Tree;
 *  @module */
import { Refusal, RULE } from "./form.mjs";

/** Tags of a tree's nodes. */
export const TAG = { null: 0, false: 1, true: 2, number: 3, text: 4, list: 5, record: 6 };
const MAX_DEPTH = 12;
const MAX_NODES = 65_535;
const MAX_TEXT_CHARS = 1_024;

/** Writes `value`, which JSON gave. @param {import("./form.mjs").FormWriter} form @param {unknown} value */
export function writeTree(form, value) {
  let nodes = 0;
  const text = (/** @type {string} */ words) => {
    if (words.length > MAX_TEXT_CHARS || !words.isWellFormed()) throw new Refusal(RULE.manifestForm);
    form.text(words);
  };
  const write = (/** @type {unknown} */ node, /** @type {number} */ depth) => {
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) throw new Refusal(RULE.manifestForm);
    if (node === null) form.u8(TAG.null);
    else if (typeof node === "boolean") form.u8(node ? TAG.true : TAG.false);
    else if (typeof node === "number" && Number.isFinite(node)) form.u8(TAG.number).f64(node);
    else if (typeof node === "string") {
      form.u8(TAG.text);
      text(node);
    } else if (Array.isArray(node)) {
      if (node.length > MAX_NODES) throw new Refusal(RULE.manifestForm);
      form.u8(TAG.list).u16(node.length);
      for (const item of node) write(item, depth + 1);
    } else if (typeof node === "object") {
      const entries = Object.entries(node);
      if (entries.length > MAX_NODES) throw new Refusal(RULE.manifestForm);
      form.u8(TAG.record).u16(entries.length);
      for (const [key, item] of entries) {
        text(key);
        write(item, depth + 1);
      }
    } else throw new Refusal(RULE.manifestForm);
  };
  write(value, 0);
}
