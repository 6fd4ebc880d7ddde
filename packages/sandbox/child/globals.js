// @ts-check
/** What a job does not have: memory outside the isolate's accounting, threads, a clock, a view of the collector,
 *  and functions out of a stack trace. Runs before any user code; `src/bootstrap.ts` joins it to `bootstrap.js`.
 *  @module */

/**
 * Takes all of it away. A builtin that is replaced stays reachable nowhere: not by `constructor`, a subclass,
 * `Reflect.construct`, a species or the frames of a stack.
 * @param {number} frozenTimeMs The only time that there is.
 */
export function takeAway(frozenTimeMs) {
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { apply, construct } = Reflect;

  for (const name of [
    "WebAssembly",
    "SharedArrayBuffer",
    "Atomics",
    "WeakRef",
    "FinalizationRegistry",
    "Temporal",
    "ShadowRealm",
  ]) {
    delete (/** @type {any} */ (globalThis)[name]);
  }

  // A frame gives the function it is in, a builtin too: a `valueOf` that a constructor calls could take it from there.
  // What a library assigns is ignored.
  defineProperty(Error, "prepareStackTrace", { get: () => undefined, set: () => undefined, configurable: false });

  // Memory of resizable buffers escapes the isolate's accounting: buffers have a fixed length.
  const OriginalArrayBuffer = ArrayBuffer;
  for (const name of [
    "resize",
    "resizable",
    "maxByteLength",
    "transfer",
    "transferToFixedLength",
    "transferToImmutable",
  ]) {
    delete (/** @type {any} */ (OriginalArrayBuffer.prototype)[name]);
  }
  function FixedArrayBuffer(/** @type {number} */ length) {
    if (new.target === undefined) throw new TypeError("Constructor ArrayBuffer requires 'new'");
    return construct(OriginalArrayBuffer, [length], new.target === FixedArrayBuffer ? OriginalArrayBuffer : new.target);
  }
  replaceConstructor("ArrayBuffer", FixedArrayBuffer, ["isView"]);
  defineProperty(FixedArrayBuffer, Symbol.species, { get: () => FixedArrayBuffer, configurable: true });

  const OriginalDate = Date;
  const dateText = /** @type {any} */ (getOwnPropertyDescriptor(OriginalDate.prototype, "toString")).value;
  function FrozenDate(/** @type {any[]} */ ...args) {
    if (new.target === undefined) return apply(dateText, new OriginalDate(frozenTimeMs), []);
    return construct(
      OriginalDate,
      args.length === 0 ? [frozenTimeMs] : args,
      new.target === FrozenDate ? OriginalDate : new.target,
    );
  }
  replaceConstructor("Date", FrozenDate, ["parse", "UTC"]);
  defineProperty(FrozenDate, "length", { value: 7, configurable: true });
  defineProperty(FrozenDate, "now", { value: () => frozenTimeMs, writable: true, configurable: true });

  // Without an argument, `format` and `formatToParts` read the clock.
  const { prototype } = Intl.DateTimeFormat;
  const format = /** @type {any} */ (getOwnPropertyDescriptor(prototype, "format")).get;
  const formatToParts = /** @type {any} */ (getOwnPropertyDescriptor(prototype, "formatToParts")).value;
  const frozen = {
    get format() {
      const bound = apply(format, this, []);
      return (/** @type {any} */ date) => bound(date === undefined ? frozenTimeMs : date);
    },
    formatToParts(/** @type {any} */ date) {
      return apply(formatToParts, this, [date === undefined ? frozenTimeMs : date]);
    },
  };
  for (const name of ["format", "formatToParts"]) {
    const descriptor = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(frozen, name));
    defineProperty(prototype, name, { ...descriptor, enumerable: false });
  }

  /**
   * Puts `replacement` wherever user code can reach the constructor `name`.
   * @param {string} name
   * @param {any} replacement
   * @param {string[]} statics
   */
  function replaceConstructor(name, replacement, statics) {
    const original = /** @type {any} */ (globalThis)[name];
    defineProperty(replacement, "name", { value: name, configurable: true });
    defineProperty(replacement, "prototype", { value: original.prototype, writable: false });
    defineProperty(original.prototype, "constructor", { value: replacement, writable: true, configurable: true });
    for (const key of statics) {
      defineProperty(replacement, key, { value: original[key], writable: true, configurable: true });
    }
    defineProperty(globalThis, name, { value: replacement, writable: true, configurable: true });
  }
}
