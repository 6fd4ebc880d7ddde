// @ts-check
/** Globals that pure libraries expect and the engine lacks: Base64, microtasks, deep copies. They
 *  give a job nothing that it could not write itself; `src/bootstrap.ts` joins this file to `bootstrap.js`.
 *  @see https://infra.spec.whatwg.org/ forgiving Base64
 *  @module */

/**
 * Defines the shims on `target`, the global object of an isolate.
 * @param {any} target
 */
export function giveShims(target) {
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, keys } = Object;
  const { apply } = Reflect;
  const { fromCharCode } = String;
  const typedArray = getPrototypeOf(Uint8Array.prototype);
  const getter = (/** @type {object} */ holder, /** @type {string | symbol} */ name) =>
    /** @type {any} */ (getOwnPropertyDescriptor(holder, name)).get;
  const method = (/** @type {object} */ holder, /** @type {string} */ name) =>
    /** @type {any} */ (getOwnPropertyDescriptor(holder, name)).value;
  const tagOf = getter(typedArray, Symbol.toStringTag);
  const lengthOfBuffer = getter(ArrayBuffer.prototype, "byteLength");

  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  function btoa(/** @type {any} */ input) {
    const text = `${input}`;
    let out = "";
    for (let i = 0; i < text.length; i += 3) {
      let word = 0;
      for (let j = 0; j < 3; j++) {
        const code = i + j < text.length ? text.charCodeAt(i + j) : 0;
        if (code > 0xff) throw named("InvalidCharacterError", "a character is above U+00FF");
        word = (word << 8) | code;
      }
      for (let j = 0; j < 4; j++) {
        out += i + j > text.length ? "=" : DIGITS.charAt((word >> (18 - 6 * j)) & 63);
      }
    }
    return out;
  }

  function atob(/** @type {any} */ input) {
    let text = `${input}`.replace(/[\t\n\f\r ]/g, "");
    if (text.length % 4 === 0) text = text.replace(/={1,2}$/, "");
    if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) {
      throw named("InvalidCharacterError", "the text is not Base64");
    }
    let out = "";
    for (let i = 0, word = 0; i < text.length; i++) {
      word = ((word << 6) | DIGITS.indexOf(text.charAt(i))) & 0xff_ffff;
      if (i % 4 > 0) out += fromCharCode((word >> (6 - 2 * (i % 4))) & 0xff);
    }
    return out;
  }

  /** @param {string} name @param {string} message */
  function named(name, message) {
    const error = new Error(message);
    error.name = name;
    return error;
  }

  const then = method(Promise.prototype, "then");
  const resolved = Promise.resolve();
  function queueMicrotask(/** @type {() => void} */ callback) {
    if (typeof callback !== "function") throw new TypeError("the callback is not a function");
    // What it throws is an unhandled rejection, which ends the run.
    void apply(then, resolved, [callback]);
  }

  const getTime = method(Date.prototype, "getTime");
  const hasWeakKey = method(WeakMap.prototype, "has");
  const hasWeak = method(WeakSet.prototype, "has");
  /** @type {[string, (value: any) => unknown][]} */
  const brands = [
    ["map", getter(Map.prototype, "size")],
    ["set", getter(Set.prototype, "size")],
    ["date", getTime],
    ["pattern", getter(RegExp.prototype, "source")],
    ["buffer", lengthOfBuffer],
    ["view", getter(DataView.prototype, "byteLength")],
    ["weak", (value) => apply(hasWeakKey, value, [value])],
    ["weak", (value) => apply(hasWeak, value, [value])],
    ["weak", (value) => apply(then, value, [() => undefined, () => undefined])],
  ];

  /** Kind of a builtin by its internal slots. @param {any} value */
  function brandOf(value) {
    if (apply(tagOf, value, []) !== undefined) return "typed";
    for (const [brand, probe] of brands) {
      try {
        if (brand === "weak") probe(value);
        else apply(/** @type {any} */ (probe), value, []);
        return brand;
      } catch {
        // Not this one.
      }
    }
    if (value instanceof Error) return "error";
    return Array.isArray(value) ? "array" : "object";
  }

  function structuredClone(/** @type {any} */ value, /** @type {any} */ options) {
    if (options?.transfer !== undefined && options.transfer.length > 0) {
      throw named("DataCloneError", "a job transfers nothing");
    }
    return cloned(value, new Map());
  }

  /**
   * @param {any} value
   * @param {Map<any, any>} seen
   * @returns {any}
   */
  function cloned(value, seen) {
    if (typeof value === "function" || typeof value === "symbol") {
      throw named("DataCloneError", `a ${typeof value} cannot be cloned`);
    }
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (/** @type {any} */ copy) => {
      seen.set(value, copy);
      return copy;
    };
    const brand = brandOf(value);
    if (brand === "weak") throw named("DataCloneError", "an object cannot be cloned");
    if (brand === "date") return keep(new Date(apply(getTime, value, [])));
    if (brand === "pattern") return keep(new RegExp(value.source, value.flags));
    if (brand === "buffer") return keep(value.slice(0));
    if (brand === "view") return keep(new DataView(cloned(value.buffer, seen), value.byteOffset, value.byteLength));
    if (brand === "typed") {
      const Type = /** @type {any} */ (globalThis)[apply(tagOf, value, [])];
      return keep(new Type(cloned(value.buffer, seen), value.byteOffset, value.length));
    }
    if (brand === "map") {
      const copy = keep(new Map());
      for (const [key, member] of Array.from(value)) copy.set(cloned(key, seen), cloned(member, seen));
      return copy;
    }
    if (brand === "set") {
      const copy = keep(new Set());
      for (const member of Array.from(value)) copy.add(cloned(member, seen));
      return copy;
    }
    if (brand === "error") {
      const Type = /** @type {any} */ ({ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError })[
        value.name
      ];
      return keep(new (Type ?? Error)(value.message));
    }
    const copy = keep(brand === "array" ? [] : {});
    if (brand === "array") copy.length = value.length;
    for (const key of keys(value)) {
      const member = cloned(value[key], seen);
      defineProperty(copy, key, { value: member, writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }

  const shims = { atob, btoa, queueMicrotask, structuredClone, self: target };
  for (const [name, value] of Object.entries(shims)) {
    defineProperty(target, name, { value, writable: true, configurable: true });
  }
}
