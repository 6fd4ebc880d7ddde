// @ts-check
/** First script of every isolate: takes away what a job must not have, keeps its own copies of the
 *  builtins it needs later, and runs the job so that nothing user-made crosses to the host except one
 *  string and plain ArrayBuffers. Whatever user code does to prototypes, getters or thrown values
 *  happens in here, under the wall clock of the parent.
 *
 *  `src/bootstrap.ts` joins it to what it imports; `child.mjs` evaluates them inside the isolate.
 *  @module */
import { takeAway } from "./globals.js";
import { rowsReader } from "./rows.js";
import { giveShims } from "./shims.js";
import { giveText } from "./text.js";

/**
 *  @param {(line: string) => void} hostLog
 *  @param {(percent: number) => void} hostProgress
 *  @param {(outcome: string, text: string) => void} hostSettle
 *  @param {(name: string, value: number) => void} hostMetric
 *  @param {(index: number) => ArrayBuffer} hostWant
 */
export default function bootstrap(hostLog, hostProgress, hostSettle, hostMetric, hostWant) {
  const MAX_LOG_LINES = 500;
  const MAX_METRICS = 1_000;
  const MAX_LINE_CHARS = 200;
  /** Positions in the bundle that an error tells. */
  const MAX_POSITIONS = 6;
  const MAX_JSON_CHARS = 1_048_576;
  const MAX_JSON_DEPTH = 6;
  const MAX_BUFFER_BYTES = 64 * 1_048_576;
  const MAX_BUFFERS = 64;
  // 2000-01-01T00:00:00Z: jobs have no clock, so that a run can be repeated and timing tells nothing.
  const FROZEN_TIME_MS = 946_684_800_000;

  // Own copies, taken before user code runs. `uncurry(f)(self, ...args)` looks nothing up when called.
  const descriptorOf = Object.getOwnPropertyDescriptor;
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
  const uncurry = /** @type {(f: Function) => any} */ (
    descriptorOf(Function.prototype, "bind")?.value.bind(descriptorOf(Function.prototype, "call")?.value)
  );
  const stringSlice = uncurry(descriptorOf(String.prototype, "slice")?.value);
  const regExpExec = uncurry(descriptorOf(RegExp.prototype, "exec")?.value);
  const typedArraySet = uncurry(descriptorOf(typedArray, "set")?.value);
  const typedArrayTag = uncurry(/** @type {any} */ (descriptorOf(typedArray, Symbol.toStringTag)).get);
  const typedArrayLength = uncurry(/** @type {any} */ (descriptorOf(typedArray, "length")).get);
  const typedArrayBuffer = uncurry(/** @type {any} */ (descriptorOf(typedArray, "buffer")).get);
  const { isArray } = Array;
  const { floor } = Math;
  const { isFinite } = Number;
  const { ownKeys } = Reflect;
  const { create, defineProperty, freeze } = Object;
  const jsonParse = JSON.parse;
  const jsonString = JSON.stringify;
  const { eval: evaluate } = globalThis;
  const Bytes = Uint8Array;
  const Numbers = Float64Array;

  /** Capability behind each name that a job may look for and not find. */
  const capabilities = freeze({
    __proto__: null,
    process: "process",
    Deno: "process",
    Bun: "process",
    Worker: "process",
    Buffer: "process",
    require: "module",
    module: "module",
    exports: "module",
    __dirname: "file",
    __filename: "file",
    localStorage: "file",
    indexedDB: "file",
    fetch: "network",
    XMLHttpRequest: "network",
    WebSocket: "network",
    EventSource: "network",
    navigator: "network",
    setTimeout: "timer",
    setInterval: "timer",
    setImmediate: "timer",
    performance: "clock",
    crypto: "random",
    WebAssembly: "webassembly",
    SharedArrayBuffer: "shared-memory",
    Atomics: "shared-memory",
  });

  const readRows = rowsReader(hostWant);
  takeAway(FROZEN_TIME_MS);
  giveText(globalThis);
  giveShims(globalThis);

  // --- What a job has -----------------------------------------------------------------------------

  /** Lines that went out, for the limit. */
  let lineCount = 0;
  /** Steps of progress, in percent. */
  let progressStep = 1;
  let lastPercent = -1;
  let forwardsLog = false;

  function log(/** @type {any[]} */ ...values) {
    if (!forwardsLog || lineCount >= MAX_LOG_LINES) return;
    lineCount++;
    let line = "";
    for (let i = 0; i < values.length && line.length < MAX_LINE_CHARS; i++) {
      line += (i === 0 ? "" : " ") + stringSlice(`${values[i]}`, 0, MAX_LINE_CHARS);
    }
    hostLog(stringSlice(line, 0, MAX_LINE_CHARS));
  }

  /** Metrics that went out, for the limit. */
  let metricCount = 0;
  const metricName = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;

  function metric(/** @type {string} */ name, /** @type {number} */ value) {
    if (!forwardsLog || metricCount >= MAX_METRICS || typeof name !== "string" || !isFinite(value)) return;
    const whole = regExpExec(metricName, name);
    if (whole === null) return;
    metricCount++;
    hostMetric(whole[0], value);
  }

  function progress(/** @type {number} */ fraction) {
    if (typeof fraction !== "number" || !(fraction >= 0)) return;
    const percent = floor((fraction > 1 ? 1 : fraction) * (100 / progressStep)) * progressStep;
    if (percent <= lastPercent) return;
    lastPercent = percent;
    hostProgress(percent);
  }

  const consoleShim = create(null);
  for (const name of ["log", "info", "warn", "error", "debug"]) {
    defineProperty(consoleShim, name, { value: log, writable: true, configurable: true, enumerable: true });
  }
  defineProperty(globalThis, "console", { value: consoleShim, writable: true, configurable: true });

  /**
   * sfc32: a small generator with 128 bits of state.
   * @param {number} seed
   */
  function seededRandom(seed) {
    let a = 0x9e3779b9;
    let b = 0x243f6a88;
    let c = seed | 0;
    let counter = floor(seed / 0x1_0000_0000) | 1;
    const next = () => {
      const t = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      return t >>> 0;
    };
    for (let i = 0; i < 16; i++) next();
    // 53 bits, as Math.random has.
    return () => (next() * 0x20_0000 + (next() >>> 11)) / 0x20_0000_0000_0000;
  }

  // --- Text out -----------------------------------------------------------------------------------

  /** Thrown to end a job with a reason of ours. @type {string | undefined} */
  let refusal;
  const refused = freeze(create(null));
  /** @param {string} reason @returns {never} */
  function refuse(reason) {
    refusal = reason;
    throw refused;
  }

  let jsonChars = 0;
  /**
   * JSON of plain data, without `toJSON` and without iterators. Numbers that JSON lacks become null, for the
   * decoder to refuse by name.
   * @param {any} value
   * @param {number} depth
   * @returns {string}
   */
  function write(value, depth) {
    if (depth > MAX_JSON_DEPTH) refuse("a returned value is nested too deeply");
    let text = "";
    if (value === null || value === undefined) text = "null";
    else if (typeof value === "boolean") text = value ? "true" : "false";
    else if (typeof value === "number") text = isFinite(value) ? `${value}` : "null";
    else if (typeof value === "string") {
      if (value.length > MAX_JSON_CHARS) throw tooLarge;
      text = jsonString(value);
    } else if (typeof value !== "object") refuse(`a returned value is a ${typeof value}`);
    else if (isArray(value) || typedArrayTag(value) !== undefined) {
      const length = value.length;
      for (let i = 0; i < length; i++) {
        text += (i === 0 ? "" : ",") + write(value[i], depth + 1);
        if (text.length > MAX_JSON_CHARS) throw tooLarge;
      }
      text = `[${text}]`;
    } else {
      const keys = ownKeys(value);
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i];
        if (typeof key !== "string") continue;
        text += `${text === "" ? "" : ","}${jsonString(key)}:${write(value[key], depth + 1)}`;
      }
      text = `{${text}}`;
    }
    jsonChars += text.length;
    // Each level counts again: the limit is on work as much as on length.
    if (jsonChars > MAX_JSON_CHARS * MAX_JSON_DEPTH || text.length > MAX_JSON_CHARS) throw tooLarge;
    return text;
  }
  const tooLarge = freeze(create(null));

  /** Buffers of the result, in order. @type {any} */
  const buffers = create(null);
  let bufferCount = 0;
  /** Bytes of all of them. */
  let bufferBytes = 0;

  /**
   * A copy of `values`, one of `Type` for each row, that user code never held. Its index.
   * @param {string} what
   * @param {any} values
   * @param {"Uint8Array" | "Float64Array"} type
   * @param {number} rowCount
   */
  function keepValues(what, values, type, rowCount) {
    // The tag and the length are read from the array itself, not from properties that user code may have put over them.
    if (typeof values !== "object" || values === null || typedArrayTag(values) !== type) {
      refuse(`${what} is not a ${type}`);
    }
    const length = typedArrayLength(values);
    bufferBytes += type === "Uint8Array" ? length : 8 * length;
    if (bufferBytes > MAX_BUFFER_BYTES || bufferCount === MAX_BUFFERS) throw tooLarge;
    if (length !== rowCount) refuse(`${what} has ${length} values for ${rowCount} rows`);
    const copy = type === "Uint8Array" ? new Bytes(length) : new Numbers(length);
    typedArraySet(copy, values);
    buffers[bufferCount] = typedArrayBuffer(copy);
    return bufferCount++;
  }

  /**
   * JSON from each declared name to the index of its buffer.
   * @param {string} what
   * @param {ArrayLike<string>} declared
   * @param {any} values
   * @param {"Uint8Array" | "Float64Array"} type
   * @param {number} rowCount
   */
  function keepMembers(what, declared, values, type, rowCount) {
    if (typeof values !== "object" || values === null) refuse(`${what}s are missing`);
    const known = create(null);
    let text = "";
    for (let i = 0; i < declared.length; i++) {
      const name = declared[i];
      if (typeof name !== "string") continue;
      known[name] = true;
      const index = keepValues(`${what} ${name}`, values[name], type, rowCount);
      text += `${text === "" ? "" : ","}${jsonString(name)}:${index}`;
    }
    const other = undeclaredIn(known, values);
    if (other !== undefined) refuse(`${what} ${other} is not declared`);
    return `{${text}}`;
  }

  /**
   * The first name in `values` that `declared` does not have as a key.
   * @param {any} declared
   * @param {any} values
   */
  function undeclaredIn(declared, values) {
    const returned = ownKeys(values);
    for (let i = 0; i < returned.length; i++) {
      const name = returned[i];
      if (typeof name === "string" && declared[name] !== true) return name;
    }
    return undefined;
  }

  /**
   * The members of one output's JSON, after its kind.
   * @param {string} name
   * @param {any} spec
   * @param {any} value
   * @param {number} rowCount
   */
  function writeOutput(name, spec, value, rowCount) {
    const { kind } = spec;
    if (kind === "labels" || kind === "set") {
      return `"buffer":${keepValues(`output ${name}`, value, "Uint8Array", rowCount)}`;
    }
    if (kind === "metrics") return `"values":${write(value, 1)}`;
    if (kind === "linear-model") {
      return `"features":${write(value.features, 1)},"weights":${write(value.weights, 1)},"intercept":${write(value.intercept, 1)}`;
    }
    if (kind === "tree-model") {
      return `"link":${write(value.link, 1)},"features":${write(value.features, 1)},"base":${write(value.base, 1)},"trees":${write(value.trees, 1)}`;
    }
    if (kind === "scorecard") return `"intercept":${write(value.intercept, 1)},"items":${write(value.items, 1)}`;
    if (kind === "clusters") {
      return `"features":${write(value.features, 1)},"means":${write(value.means, 1)},"scales":${write(value.scales, 1)},"centres":${write(value.centres, 1)}`;
    }
    if (kind === "square-network") {
      // Names and bounds of features are those of the manifest.
      return `"units":${write(value.units, 1)},"intercept":${write(value.intercept, 1)}`;
    }
    // Without a prototype: user code may have put setters over indices.
    const names = create(null);
    names.length = spec.dimensions.length;
    for (let i = 0; i < names.length; i++) names[i] = spec.dimensions[i].name;
    const { dimensions, measures } = value;
    const codes = keepMembers(`output ${name}: dimension`, names, dimensions, "Uint8Array", rowCount);
    const numbers = keepMembers(`output ${name}: measure`, spec.measures, measures, "Float64Array", rowCount);
    return `"dimensions":${codes},"measures":${numbers}`;
  }

  /** Class of the outputs of each kind: a score is returned by nobody. */
  const classes = freeze({
    __proto__: null,
    metrics: "released",
    "linear-model": "released",
    "tree-model": "released",
    scorecard: "released",
    clusters: "released",
    labels: "served",
    set: "served",
    table: "served",
    "square-network": "served",
  });

  /**
   * JSON of a run's outputs.
   * @param {any} specs Declared outputs, as the definition has them now; the decoder checks against the manifest.
   * @param {any} result
   * @param {"released" | "served"} wanted
   * @param {number} rowCount
   */
  function writeOutputs(specs, result, wanted, rowCount) {
    if (typeof result !== "object" || result === null) refuse("it returned no outputs");
    const names = ownKeys(specs);
    const declared = create(null);
    let text = "";
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (typeof name !== "string") continue;
      const spec = specs[name];
      const { kind } = spec;
      if (classes[kind] !== wanted) continue;
      declared[name] = true;
      const value = result[name];
      if (value === undefined) refuse(`output ${name} is missing`);
      const fields = writeOutput(name, spec, value, rowCount);
      text += `${text === "" ? "" : ","}${jsonString(name)}:{"kind":${write(kind, 1)},${fields}}`;
    }
    const other = undeclaredIn(declared, result);
    if (other !== undefined) refuse(`output ${other} is not declared for this entry`);
    return `{"outputs":{${text}}}`;
  }

  const undefinedName = /^([A-Za-z_]\w*) is not defined$/;
  const jobPosition = /job\.js:(\d{1,7}:\d{1,7})/;
  const memoryMessage = /^(?:Array buffer allocation failed|Invalid typed array length: \d+|Invalid array length)$/;
  const importMessage = /^Not supported$/;

  /**
   * Tells the host how the job failed. Reading the error may run user code; it cannot leave here.
   * @param {any} error
   */
  function settleError(error) {
    if (error === refused) return hostSettle("threw", stringSlice(refusal ?? "", 0, MAX_LINE_CHARS));
    if (error === tooLarge) return hostSettle("too-large", "");
    let reason = "an error that cannot be read";
    try {
      if (typeof error !== "object" || error === null) reason = `${typeof error} ${stringSlice(`${error}`, 0, 100)}`;
      else {
        const name = stringSlice(`${error.name}`, 0, 40);
        const whole = `${error.message}`;
        const message = stringSlice(whole, 0, MAX_LINE_CHARS);
        const missing = regExpExec(undefinedName, message);
        const capability = missing === null ? undefined : capabilities[missing[1]];
        if (name === "ReferenceError" && capability !== undefined) return hostSettle("capability", capability);
        if (regExpExec(importMessage, message) !== null) return hostSettle("capability", "module");
        if (name === "RangeError" && regExpExec(memoryMessage, message) !== null) return hostSettle("memory", "");
        reason = `${name}: ${message}`;
        // Innermost first, so that the caller is known when the kit threw.
        let frames = stringSlice(`${error.stack}`, whole.length, whole.length + 2_000);
        let positions = "";
        for (let i = 0; i < MAX_POSITIONS; i++) {
          const position = regExpExec(jobPosition, frames);
          if (position === null) break;
          positions += (i === 0 ? "" : ", ") + position[1];
          frames = stringSlice(frames, position.index + position[0].length);
        }
        if (positions !== "") {
          const place = ` (bundle line ${positions})`;
          reason = stringSlice(reason, 0, MAX_LINE_CHARS - place.length) + place;
        }
      }
    } catch {
      // Keep the constant reason.
    }
    return hostSettle("threw", stringSlice(reason, 0, MAX_LINE_CHARS));
  }

  // --- The run ------------------------------------------------------------------------------------

  /**
   * @param {any} header
   * @param {string} code
   * @param {any[]} data
   */
  async function run(header, code, data) {
    const { entry, development, seed, rowCount, model } = header;
    const params = create(null);
    const paramNames = ownKeys(header.params ?? {});
    for (let i = 0; i < paramNames.length; i++) params[paramNames[i]] = header.params[paramNames[i]];
    const served = entry === "produce";
    forwardsLog = development === true;
    progressStep = development === true ? 1 : 5;
    defineProperty(Math, "random", { value: seededRandom(seed), writable: true, configurable: true });
    const rows = readRows(header, data);
    freeze(Promise);
    freeze(Promise.prototype);
    try {
      evaluate(`${code}\n//# sourceURL=job.js`);
      const definition = /** @type {any} */ (globalThis).sluiceJob.default;
      if (typeof definition !== "object" || definition === null) refuse("the bundle has no default export");
      if (entry === "describe") {
        const { name, purpose, input, read, outputs, limits, params: declared } = definition;
        const manifest = /** @type {any} */ ({ __proto__: null, name, purpose, input, outputs });
        if (read !== undefined) manifest.read = read;
        if (declared !== undefined) manifest.params = declared;
        if (limits !== undefined) manifest.limits = limits;
        // Written behind the job's code by the bundler.
        const { sluiceLockfile } = /** @type {any} */ (globalThis);
        if (sluiceLockfile !== undefined) manifest.lockfile = sluiceLockfile;
        return hostSettle("done", write(manifest, 0));
      }
      // A released linear model does not tell its link: what the job declares stands beside it.
      if (served && model?.kind === "linear-model") {
        const names = ownKeys(definition.outputs);
        for (let i = 0; i < names.length; i++) {
          const { kind, link } = definition.outputs[names[i]];
          if (kind === "linear-model" && link !== undefined) model.link = link;
        }
      }
      const context = freeze({ __proto__: null, progress, log, metric, params: freeze(params) });
      const result = await (served ? definition.produce(rows, model, context) : definition.develop(rows, context));
      return hostSettle("done", writeOutputs(definition.outputs, result, served ? "served" : "released", rowCount));
    } catch (error) {
      return settleError(error);
    }
  }

  /**
   * Entry for the host: `start` once, then `take` for each buffer.
   * @param {string} operation
   * @param {any[]} args
   */
  return function enter(operation, ...args) {
    if (operation === "take") return buffers[args[0]];
    const header = jsonParse(args[0]);
    const data = [];
    for (let i = 2; i < args.length; i++) data[i - 2] = args[i];
    void run(header, args[1], data);
    return bufferCount;
  };
}
