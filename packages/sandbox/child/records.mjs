// @ts-check
/** Shapes of what JSON gave.
 *  @module */

/** @param {unknown} value @returns {value is Record<string, any>} */
export function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether these are all keys of `record`. @param {Record<string, unknown>} record @param {readonly string[]} keys */
export function hasExactly(record, keys) {
  return Object.keys(record).length === keys.length && keys.every((key) => Object.hasOwn(record, key));
}
