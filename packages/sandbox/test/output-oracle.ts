/** Another decoder of a run's output, by schemas: what the strict one is held against.
 *  @module */
import {
  ByteReader,
  MAX_JOB_OUTPUT_BYTES,
  SluiceError,
  fromUtf8,
  isProducedKind,
  isServedKind,
  isSluiceError,
  NO_LEVEL,
  type Bytes,
  type JobManifest,
  type JobOutput,
  type Labels,
  type MemberFlags,
  type Metrics,
  type OutputSpec,
  type ReleasedModel,
  type ServedKind,
  SquareNetworkFit,
  type SquareNetworkSpec,
  type TableRows,
} from "@sluice/protocol";
import { z } from "zod";
import { decodeModel } from "../src/output-model.ts";

/** Largest JSON part of an output. */
const MAX_OUTPUT_JSON_BYTES = 1_048_576;
/** Most buffers of an output. */
const MAX_OUTPUT_BUFFERS = 64;

const finite = z.number().refine(Number.isFinite);
const Document = z.strictObject({ outputs: z.record(z.string().max(40), z.unknown()) });
const MetricsForm = z.strictObject({ kind: z.literal("metrics"), values: z.record(z.string().max(40), finite) });
const BufferIndex = z.int().min(0).max(MAX_OUTPUT_BUFFERS);
const CodesForm = z.strictObject({ kind: z.enum(["labels", "set"]), buffer: BufferIndex });
const BufferIndices = z.record(z.string().max(40), BufferIndex);
const TableForm = z.strictObject({ kind: z.literal("table"), dimensions: BufferIndices, measures: BufferIndices });

/** The JSON text and the buffers of an output.
 *  @throws ERR_GUARD_OUTPUT when the bytes are not of the struct. */
// struct { uint32 jsonLength; opaque json[jsonLength]; uint32 count; { uint32 length; opaque bytes[length]; }… } Output;
function splitOutput(bytes: Bytes): { json: string; buffers: Bytes[] } {
  try {
    if (bytes.length > MAX_JOB_OUTPUT_BYTES) throw refused("all", "output-size", "return less");
    const reader = new ByteReader(bytes);
    const jsonLength = reader.uint(4);
    if (jsonLength > MAX_OUTPUT_JSON_BYTES) throw refused("all", "output-size", "return less");
    const json = fromUtf8(reader.fixed(jsonLength));
    const count = reader.uint(4);
    if (count > MAX_OUTPUT_BUFFERS) throw refused("all", "output-size", "return fewer outputs");
    const buffers: Bytes[] = [];
    for (let i = 0; i < count; i++) buffers.push(reader.fixed(reader.uint(4)));
    reader.end();
    return { json, buffers };
  } catch (cause) {
    if (isSluiceError(cause, "ERR_GUARD_OUTPUT")) throw cause;
    throw refused("all", "output-format", "return what the job API returns", cause);
  }
}

/** What a run returned, exactly as the manifest declares it: every output of one class, and no other.
 *  @throws ERR_GUARD_OUTPUT with the declared output's name, the broken rule and what must change. */
export function oracleOutput(bytes: Bytes, manifest: JobManifest): JobOutput {
  const { json, buffers } = splitOutput(bytes);
  const document = Document.safeParse(parseJson(json));
  if (!document.success) throw refused("all", "output-format", "return what the job API returns");
  const { outputs } = document.data;
  const declared = Object.entries(manifest.outputs);
  const served = declared.some(([name, spec]) => isProducedKind(spec.kind) && Object.hasOwn(outputs, name));
  const expected = declared.filter(([, { kind }]) => (served ? isProducedKind(kind) : !isServedKind(kind)));
  if (Object.keys(outputs).length > expected.length) {
    throw refused("all", "output-undeclared", "return the declared outputs of one class only");
  }
  for (const [name] of expected) {
    if (!Object.hasOwn(outputs, name)) throw refused(name, "output-missing", "return every declared output");
  }
  if (!served) {
    if (buffers.length > 0) throw refused("all", "output-format", "return no buffers with released outputs");
    const values = expected.flatMap(([name, spec]) =>
      isReleasedSpec(spec) ? [[name, readReleased(name, spec, outputs[name])] as const] : [],
    );
    return { class: "released", values: Object.fromEntries(values) };
  }
  const unread = new UnreadBuffers(buffers);
  const values = expected.map(([name, spec]) => [name, readServed(name, spec, outputs[name], unread)] as const);
  if (unread.size > 0) throw refused("all", "output-format", "return one buffer per column of an output");
  return { class: "served", values: Object.fromEntries(values) };
}

/** Buffers of an output, each of which belongs to one column. */
class UnreadBuffers {
  readonly #buffers: Map<number, Bytes>;

  constructor(buffers: readonly Bytes[]) {
    this.#buffers = new Map(buffers.entries());
  }

  get size(): number {
    return this.#buffers.size;
  }

  /** The buffer with this index, once. */
  take(index: number | undefined): Bytes | undefined {
    const buffer = index === undefined ? undefined : this.#buffers.get(index);
    if (index !== undefined) this.#buffers.delete(index);
    return buffer;
  }
}

function isReleasedSpec(spec: OutputSpec): spec is ReleasedSpec {
  return !isServedKind(spec.kind);
}

type ReleasedSpec = Exclude<OutputSpec, { kind: ServedKind }>;

function readReleased(name: string, spec: ReleasedSpec, value: unknown): Metrics | ReleasedModel {
  if (spec.kind === "metrics") {
    const metrics = MetricsForm.safeParse(value);
    if (!metrics.success) throw refused(name, "metrics-finite", "return one finite number per key");
    const { values } = metrics.data;
    const keys = Object.keys(values);
    if (keys.length !== new Set(spec.keys).size || !spec.keys.every((key) => Object.hasOwn(values, key))) {
      throw refused(name, "metrics-keys", "return exactly the declared keys");
    }
    return { kind: "metrics", values: Object.fromEntries(spec.keys.map((key) => [key, values[key] ?? 0])) };
  }
  const decoded = decodeModel(spec, value);
  if (!decoded.ok) throw refused(name, decoded.rule, decoded.change);
  return decoded.model;
}

function readServed(
  name: string,
  spec: OutputSpec,
  value: unknown,
  unread: UnreadBuffers,
): Labels | MemberFlags | SquareNetworkFit | TableRows {
  if (spec.kind === "square-network") return readNetwork(name, spec, value);
  if (spec.kind === "table") return readTable(name, spec, value, unread);
  const form = CodesForm.safeParse(value);
  const codes = form.success ? unread.take(form.data.buffer) : undefined;
  if (!form.success || codes === undefined || form.data.kind !== spec.kind) {
    throw refused(name, `${spec.kind}-form`, "return a Uint8Array with one entry per row");
  }
  if (form.data.kind === "set") {
    checkCodes(name, "set-values", codes, 2, null);
    return { kind: "set", members: new Uint8Array(codes) };
  }
  checkCodes(name, "labels-vocabulary", codes, spec.kind === "labels" ? spec.vocabulary.length : 0, null);
  return { kind: "labels", codes: new Uint8Array(codes) };
}

function readNetwork(name: string, spec: SquareNetworkSpec, value: unknown): SquareNetworkFit {
  const own = typeof value === "object" && value !== null && !Object.hasOwn(value, "features") ? value : {};
  const form = SquareNetworkFit.safeParse({ ...own, features: spec.features });
  if (!form.success || form.data.units.length > spec.maxUnits) {
    throw refused(name, "network-form", "return at most the declared units");
  }
  return form.data;
}

function readTable(
  name: string,
  spec: Extract<OutputSpec, { kind: "table" }>,
  value: unknown,
  unread: UnreadBuffers,
): TableRows {
  const form = TableForm.safeParse(value);
  if (!form.success) throw refused(name, "table-form", "return dimensions and measures");
  const { dimensions, measures } = form.data;
  if (Object.keys(dimensions).length !== spec.dimensions.length) {
    throw refused(name, "table-form", "return exactly the declared dimensions");
  }
  if (Object.keys(measures).length !== spec.measures.length) {
    throw refused(name, "table-form", "return exactly the declared measures");
  }
  const column = (columns: Record<string, number>, key: string): Bytes => {
    const bytes = Object.hasOwn(columns, key) ? unread.take(columns[key]) : undefined;
    if (bytes === undefined) throw refused(name, "table-form", "return each declared dimension and measure");
    return bytes;
  };
  const groups = spec.dimensions.map((dimension): [string, Uint8Array] => {
    const codes = column(dimensions, dimension.name);
    checkCodes(name, "table-levels", codes, dimension.levels.length, NO_LEVEL);
    return [dimension.name, new Uint8Array(codes)];
  });
  const numbers = spec.measures.map((measure): [string, Float64Array] => [
    measure,
    readNumbers(name, column(measures, measure)),
  ]);
  const rowCount = groups[0]?.[1].length ?? 0;
  if ([...groups, ...numbers].some(([, values]) => values.length !== rowCount)) {
    throw refused(name, "table-length", "return one entry per row in every column");
  }
  return { kind: "table-rows", dimensions: Object.fromEntries(groups), measures: Object.fromEntries(numbers) };
}

function checkCodes(name: string, rule: string, codes: Bytes, limit: number, other: number | null): void {
  for (const code of codes) {
    if (code >= limit && code !== other) throw refused(name, rule, `use codes below ${limit}`);
  }
}

/** Little-endian numbers. NaN stands for none; an infinity is refused. */
function readNumbers(name: string, bytes: Bytes): Float64Array {
  if (bytes.length % 8 !== 0) throw refused(name, "table-form", "return a Float64Array for each measure");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float64Array(bytes.length / 8);
  for (let row = 0; row < numbers.length; row++) {
    const number = view.getFloat64(8 * row, true);
    if (number === Infinity || number === -Infinity) {
      throw refused(name, "table-finite", "return finite numbers, and NaN for none");
    }
    // One NaN for all: its bits could carry others.
    numbers[row] = Number.isNaN(number) ? Number.NaN : number;
  }
  return numbers;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refused(output: string, rule: string, change: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_GUARD_OUTPUT", { output, rule, change }, { cause, refusedBy: "guard" });
}
