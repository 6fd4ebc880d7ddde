/** Equal rows of codes as one number: the step that every count of classes is made of.
 *  @module */

/** Dense numbers of classes, in the order of their first row. */
export interface Grouping {
  /** The class of each row. */
  readonly ids: Uint32Array;
  readonly count: number;
}

/** A column of codes below `size`: row i has `map[codes[at[i]]]`, where what is absent changes nothing. */
export interface CodeColumn {
  readonly codes: Uint32Array;
  readonly size: number;
  readonly map?: Uint32Array | undefined;
  readonly at?: Uint32Array | undefined;
}

/** Keys up to which a table of all keys is cheaper than a hash. */
const MAX_TABLE_KEYS = 2 ** 21;
const TABLE_KEYS_PER_ROW = 16;

/** Classes of `length` rows: rows are alike when all columns are. Without columns all rows are one class. */
export function groupCodes(columns: readonly CodeColumn[], length: number): Grouping {
  let keys = new Float64Array(length);
  let product = 1;
  for (const { codes, size, map, at } of columns) {
    if (size < 2) continue;
    if (product * size > Number.MAX_SAFE_INTEGER) {
      const { ids, count } = densify(keys, product, length);
      keys = Float64Array.from(ids);
      product = count;
    }
    appendDigit(keys, { codes, size, map, at });
    product *= size;
  }
  return densify(keys, product, length);
}

/** Appends a column's codes to `keys`, as the digit of a number. One loop for each form, because all searches sit in it. */
function appendDigit(keys: Float64Array, { codes, size, map, at }: CodeColumn): void {
  const { length } = keys;
  if (at === undefined) {
    if (map === undefined) for (let i = 0; i < length; i++) keys[i] = (keys[i] ?? 0) * size + (codes[i] ?? 0);
    else for (let i = 0; i < length; i++) keys[i] = (keys[i] ?? 0) * size + (map[codes[i] ?? 0] ?? 0);
  } else if (map === undefined) {
    for (let i = 0; i < length; i++) keys[i] = (keys[i] ?? 0) * size + (codes[at[i] ?? 0] ?? 0);
  } else {
    for (let i = 0; i < length; i++) keys[i] = (keys[i] ?? 0) * size + (map[codes[at[i] ?? 0] ?? 0] ?? 0);
  }
}

function densify(keys: Float64Array, product: number, length: number): Grouping {
  return product <= MAX_TABLE_KEYS && product <= TABLE_KEYS_PER_ROW * length + 1_024
    ? byTable(keys, product, length)
    : byHash(keys, length);
}

function byTable(keys: Float64Array, product: number, length: number): Grouping {
  const ids = new Uint32Array(length);
  const numbers = new Uint32Array(product); // number + 1
  let count = 0;
  for (let i = 0; i < length; i++) {
    const key = keys[i] ?? 0;
    let number = numbers[key] ?? 0;
    if (number === 0) numbers[key] = number = ++count;
    ids[i] = number - 1;
  }
  return { ids, count };
}

/** Open addressing with linear probing, at most half full. */
function byHash(keys: Float64Array, length: number): Grouping {
  const ids = new Uint32Array(length);
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2 * length, 16))) - 1;
  const slots = new Uint32Array(mask + 1); // number + 1
  const seen = new Float64Array(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const key = keys[i] ?? 0;
    const high = Math.floor(key / 4_294_967_296);
    let hash = Math.imul((key >>> 0) ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (;;) {
      const number = slots[slot] ?? 0;
      if (number === 0) {
        seen[count] = key;
        slots[slot] = ++count;
        ids[i] = count - 1;
        break;
      }
      if (seen[number - 1] === key) {
        ids[i] = number - 1;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return { ids, count };
}
