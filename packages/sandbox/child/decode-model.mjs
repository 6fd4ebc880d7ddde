// @ts-check
/** Released models into the canonical form: the fields of the declared kind, finite numbers, short well-formed names, lists
 *  within limits. What makes them a model is checked again, and more strictly, by who reads the form.
 *
 *  struct { uint16 count; float64[count]; } Numbers;   struct { uint16 count; Text[count]; } Names;
 *  struct { uint16 count; uint16 plusOne[count]; } Indices;
 *  struct { float64 intercept; Names features; Numbers weights; } LinearModel;
 *  struct { uint8 link; float64 base; Names features; uint16 count; Tree[count]; } TreeModel;
 *  struct { Indices feature, left, right; Numbers threshold, value; } Tree;
 *  struct { float64 intercept; uint16 count; Item[count]; } Scorecard;
 *  struct { Text column; uint8 bins; select (bins) { 0: Numbers breaks; 1: uint16 count; Names[count] }; Numbers points; } Item;
 *  struct { Names features; Numbers means, scales; uint16 count; Numbers centre[count]; } Clusters;
 *  @module */
import { hasExactly, isRecord } from "./records.mjs";

const MAX_LIST = 256;
const MAX_NAME_CHARS = 80;
const MAX_INDEX = 65_534;
const LINKS = ["identity", "logit", "log"];
const TREE = ["feature", "threshold", "left", "right", "value"];

/** Writes the model, or throws `refusal`.
 *  @param {import("./form.mjs").FormWriter} form @param {string} kind @param {unknown} value @param {Error} refusal */
export function decodeModel(form, kind, value, refusal) {
  /** @param {boolean} fits @returns {asserts fits} */
  function demand(fits) {
    if (!fits) throw refusal;
  }
  /** The fields of a record that has these and no other. @param {unknown} record @param {readonly string[]} keys */
  function fields(record, keys) {
    demand(isRecord(record) && hasExactly(record, keys));
    return record;
  }
  /** @param {unknown} items @param {(item: unknown) => void} write */
  function list(items, write) {
    demand(Array.isArray(items) && items.length <= MAX_LIST);
    form.u16(items.length);
    for (const item of items) write(item);
  }
  /** @param {unknown} item */
  function number(item) {
    demand(typeof item === "number" && Number.isFinite(item));
    form.f64(item);
  }
  /** @param {unknown} item */
  function index(item) {
    demand(typeof item === "number" && Number.isInteger(item) && item >= -1 && item < MAX_INDEX);
    form.u16(item + 1);
  }
  /** @param {unknown} item */
  function name(item) {
    demand(typeof item === "string" && item.length <= MAX_NAME_CHARS && item.isWellFormed());
    form.text(item);
  }
  const numbers = (/** @type {unknown} */ items) => list(items, number);
  const names = (/** @type {unknown} */ items) => list(items, name);

  demand(isRecord(value) && value.kind === kind);
  switch (kind) {
    case "linear-model": {
      const { features, weights, intercept } = fields(value, ["kind", "features", "weights", "intercept"]);
      number(intercept);
      names(features);
      numbers(weights);
      return;
    }
    case "tree-model": {
      const { link, features, base, trees } = fields(value, ["kind", "link", "features", "base", "trees"]);
      demand(LINKS.includes(link));
      form.u8(LINKS.indexOf(link));
      number(base);
      names(features);
      list(trees, (item) => {
        const tree = fields(item, TREE);
        for (const nodes of [tree.feature, tree.left, tree.right]) list(nodes, index);
        numbers(tree.threshold);
        numbers(tree.value);
      });
      return;
    }
    case "scorecard": {
      const { intercept, items } = fields(value, ["kind", "intercept", "items"]);
      number(intercept);
      list(items, (item) => {
        demand(isRecord(item));
        const byLevels = Object.hasOwn(item, "levels");
        const { column, breaks, levels, points } = fields(item, ["column", byLevels ? "levels" : "breaks", "points"]);
        name(column);
        form.u8(byLevels ? 1 : 0);
        if (byLevels) list(levels, names);
        else numbers(breaks);
        numbers(points);
      });
      return;
    }
    default: {
      const { features, means, scales, centres } = fields(value, ["kind", "features", "means", "scales", "centres"]);
      names(features);
      numbers(means);
      numbers(scales);
      list(centres, numbers);
    }
  }
}
