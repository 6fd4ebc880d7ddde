/** Decoder of a run's output, for the guard process: it loads no engine and holds no data, and what it reads
 *  was written by user code.
 *  @module */
import {
  ByteReader,
  MAX_JOB_OUTPUT_BYTES,
  SluiceError,
  fromUtf8,
  isSluiceError,
  type Bytes,
  type JobManifest,
  type JobOutput,
  type Labels,
  type LinearModel,
  type Metrics,
  type OutputSpec,
} from "@sluice/protocol";
import { z } from "zod";

/** Largest JSON part of an output. */
export const MAX_OUTPUT_JSON_BYTES = 1_048_576;
/** Most buffers of an output. */
const MAX_OUTPUT_BUFFERS = 64;

const finite = z.number().refine(Number.isFinite);
const Document = z.strictObject({ outputs: z.record(z.string().max(40), z.unknown()) });
const MetricsForm = z.strictObject({ kind: z.literal("metrics"), values: z.record(z.string().max(40), finite) });
const LinearModelForm = z.strictObject({
  kind: z.literal("linear-model"),
  features: z.array(z.string().min(1).max(80)).min(1).max(256),
  weights: z.array(finite).min(1).max(256),
  intercept: finite,
});
const LabelsForm = z.strictObject({ kind: z.literal("labels"), buffer: z.int().min(0).max(MAX_OUTPUT_BUFFERS) });

/** The JSON text and the buffers of an output.
 *  @throws ERR_GUARD_OUTPUT when the bytes are not of the struct. */
// struct { uint32 jsonLength; opaque json[jsonLength]; uint32 count; { uint32 length; opaque bytes[length]; }… } Output;
export function splitOutput(bytes: Bytes): { json: string; buffers: Bytes[] } {
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
export function decodeJobOutput(bytes: Bytes, manifest: JobManifest): JobOutput {
  const { json, buffers } = splitOutput(bytes);
  const document = Document.safeParse(parseJson(json));
  if (!document.success) throw refused("all", "output-format", "return what the job API returns");
  const { outputs } = document.data;
  const declared = Object.entries(manifest.outputs);
  const served = declared.some(([name, spec]) => spec.kind === "labels" && Object.hasOwn(outputs, name));
  const expected = declared.filter(([, spec]) => (spec.kind === "labels") === served);
  if (Object.keys(outputs).length > expected.length) {
    throw refused("all", "output-undeclared", "return the declared outputs of one class only");
  }
  for (const [name] of expected) {
    if (!Object.hasOwn(outputs, name)) throw refused(name, "output-missing", "return every declared output");
  }
  if (!served) {
    if (buffers.length > 0) throw refused("all", "output-format", "return no buffers with released outputs");
    const values = expected.map(([name, spec]) => [name, readReleased(name, spec, outputs[name])] as const);
    return { class: "released", values: Object.fromEntries(values) };
  }
  const used = new Set<number>();
  const values = expected.map(([name, spec]) => [name, readLabels(name, spec, outputs[name], buffers, used)] as const);
  if (used.size !== buffers.length) throw refused("all", "output-format", "return one buffer per served output");
  return { class: "served", values: Object.fromEntries(values) };
}

function readReleased(name: string, spec: OutputSpec, value: unknown): Metrics | LinearModel {
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
  const model = LinearModelForm.safeParse(value);
  if (!model.success || spec.kind !== "linear-model") {
    throw refused(name, "linear-model-form", "return features, as many finite weights, and a finite intercept");
  }
  const { features, weights, intercept } = model.data;
  if (features.length !== weights.length) {
    throw refused(name, "linear-model-form", "return as many weights as features");
  }
  if (new Set(features).size !== features.length) {
    throw refused(name, "linear-model-form", "name each feature once");
  }
  if (weights.length > spec.maxParameters) {
    throw refused(name, "linear-model-parameters", `return at most ${spec.maxParameters} weights`);
  }
  return { kind: "linear-model", features, weights, intercept };
}

function readLabels(name: string, spec: OutputSpec, value: unknown, buffers: Bytes[], used: Set<number>): Labels {
  const labels = LabelsForm.safeParse(value);
  const codes = labels.success ? buffers[labels.data.buffer] : undefined;
  if (!labels.success || codes === undefined || spec.kind !== "labels" || used.has(labels.data.buffer)) {
    throw refused(name, "labels-form", "return a Uint8Array of codes");
  }
  used.add(labels.data.buffer);
  const limit = spec.vocabulary.length;
  for (const code of codes) {
    if (code >= limit) throw refused(name, "labels-vocabulary", `use codes below ${limit}`);
  }
  return { kind: "labels", codes: new Uint8Array(codes) };
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
