// @ts-check
/** The rows of a job: whole columns over the transferred buffers, and `forEachBatch` over parts of them. A batch is one
 *  buffer with every column in it; the host gives it when the job reads in batches, and else it is copied from the
 *  columns. When the job's function returns, the buffer is detached and its memory given back, so that a job holds one
 *  batch at a time however large the table is. `src/bootstrap.ts` joins this to `bootstrap.js`.
 *  @module */

/** Columns and validity begin at multiples of this in a batch. */
const ALIGNMENT = 8;

/**
 * Takes what it needs before user code runs.
 * @param {(index: number) => ArrayBuffer} hostWant Batch `index` of a job that reads in batches.
 */
export function rowsReader(hostWant) {
  const { create, defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { apply } = Reflect;
  const { ceil, min } = Math;
  const transfer = /** @type {any} */ (ArrayBuffer.prototype).transfer;
  const set = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), "set")?.value;
  const OwnBuffer = ArrayBuffer;
  const OwnError = TypeError;
  const Bytes = Uint8Array;
  const types = freeze({ __proto__: null, f64: Float64Array, i32: Int32Array, bool: Uint8Array, dict: Uint32Array });

  /** @param {any} columns @param {number} count @returns {number} */
  function sizeOf(columns, count) {
    let size = 0;
    for (let i = 0; i < columns.length; i++) {
      size = padded(size + types[columns[i].type].BYTES_PER_ELEMENT * count);
      if (columns[i].hasValidity) size = padded(size + ceil(count / 8));
    }
    return size;
  }

  /** Columns of one batch over its buffer. @param {any} columns @param {ArrayBuffer} buffer @param {number} count */
  function batchOf(columns, buffer, count) {
    const batch = create(null);
    batch.rowCount = count;
    let offset = 0;
    for (let i = 0; i < columns.length; i++) {
      const { name, type, dictionary, hasValidity } = columns[i];
      const Values = types[type];
      const column = create(null);
      column.type = type;
      column.values = new Values(buffer, offset, count);
      offset = padded(offset + Values.BYTES_PER_ELEMENT * count);
      if (type === "dict") column.dictionary = dictionary;
      if (hasValidity) {
        column.validity = new Bytes(buffer, offset, ceil(count / 8));
        offset = padded(offset + ceil(count / 8));
      }
      batch[name] = freeze(column);
    }
    return freeze(batch);
  }

  /** The bytes of rows from `first` on, as the host would give them.
   *  @param {any} columns @param {any[]} data @param {number} first @param {number} count */
  function copyBatch(columns, data, first, count) {
    const buffer = new OwnBuffer(sizeOf(columns, count));
    let offset = 0;
    let next = 0;
    const copy = (/** @type {number} */ from, /** @type {number} */ length) => {
      apply(set, new Bytes(buffer, offset, length), [new Bytes(data[next++], from, length)]);
      offset = padded(offset + length);
    };
    for (let i = 0; i < columns.length; i++) {
      const width = types[columns[i].type].BYTES_PER_ELEMENT;
      copy(width * first, width * count);
      if (columns[i].hasValidity) copy(first / 8, ceil(count / 8));
    }
    return buffer;
  }

  /**
   * @param {any} header
   * @param {any[]} data Buffers of the columns; none when the job reads in batches.
   */
  return function readRows(header, data) {
    const { rowCount, columns, batches } = header;
    for (let i = 0; i < columns.length; i++) freeze(columns[i].dictionary);

    function forEachBatch(/** @type {any} */ use) {
      if (typeof use !== "function") throw new OwnError("forEachBatch needs a function");
      for (let index = 0; index < batches.count; index++) {
        const first = batches.rows * index;
        const count = min(batches.rows, rowCount - first);
        const buffer = header.read === "batches" ? hostWant(index) : copyBatch(columns, data, first, count);
        try {
          const answer = use(batchOf(columns, buffer, count), first);
          if (typeof answer === "object" && answer !== null && typeof answer.then === "function") {
            throw new OwnError("forEachBatch waits for no promise: what it is given must not be async");
          }
        } finally {
          apply(transfer, buffer, [0]);
        }
      }
    }

    const rows = create(null);
    rows.rowCount = rowCount;
    let next = 0;
    for (let i = 0; i < columns.length && header.read !== "batches"; i++) {
      const { name, type, dictionary, hasValidity } = columns[i];
      const column = create(null);
      column.type = type;
      column.values = new types[type](data[next++]);
      if (type === "dict") column.dictionary = dictionary;
      if (hasValidity) column.validity = new Bytes(data[next++]);
      rows[name] = freeze(column);
    }
    // Not among the names that a library finds when it looks for columns.
    defineProperty(rows, "forEachBatch", { value: freeze(forEachBatch) });
    return freeze(rows);
  };

  /** @param {number} size */
  function padded(size) {
    return size + ((ALIGNMENT - (size % ALIGNMENT)) % ALIGNMENT);
  }
}
