/** What a run returned, from the canonical form that a decoder made of it: for the checker, which holds rows and reads
 *  nothing else of what user code had a hand in.
 *  @module */
import {
  isModelKind,
  isProducedKind,
  isServedKind,
  NO_LEVEL,
  SluiceError,
  type Bytes,
  type JobManifest,
  type JobOutput,
  type Labels,
  type MemberFlags,
  type Metrics,
  type ModelSpec,
  type OutputSpec,
  type ReleasedModel,
  type SquareNetworkFit,
  type TableRows,
} from "@sluice/protocol";
import { readModel } from "./form-model.ts";
import { readNetwork } from "./form-network.ts";
import { FormReader, malformed, SHAPE } from "./form-reader.ts";
import { readRefusal } from "./form-rules.ts";
import { decodeModel } from "./output-model.ts";

export { readJobManifest } from "./manifest-form.ts";

/** Kinds of outputs, as in `child/form.mjs`. */
const KIND: Partial<Readonly<Record<OutputSpec["kind"], number>>> = {
  metrics: 1,
  "linear-model": 2,
  "tree-model": 3,
  scorecard: 4,
  clusters: 5,
  labels: 16,
  set: 17,
  table: 18,
  "square-network": 19,
};

/** What a run returned, exactly as the manifest declares it: every output of one class, and no other.
 *  @throws ERR_GUARD_OUTPUT with the declared output's name, the broken rule and what must change */
export function readJobOutput(form: Bytes, manifest: JobManifest): JobOutput {
  const reader = new FormReader(form);
  const shape = reader.u8();
  if (shape === SHAPE.refused) throw readRefusal(reader, manifest);
  if (shape !== SHAPE.released && shape !== SHAPE.served) throw malformed();
  const expected = Object.entries(manifest.outputs)
    .map(([name, spec], index) => ({ name, spec, index }))
    .filter(({ spec: { kind } }) => (shape === SHAPE.served ? isProducedKind(kind) : !isServedKind(kind)));
  if (reader.u16() !== expected.length) throw malformed();
  const each = <T>(read: (name: string, spec: OutputSpec) => T): Record<string, T> => {
    const values = expected.map(({ name, spec, index }) => {
      if (reader.u16() !== index || reader.u8() !== KIND[spec.kind]) throw malformed();
      return [name, read(name, spec)] as const;
    });
    reader.end();
    return Object.fromEntries(values);
  };
  if (shape === SHAPE.released) {
    return { class: "released", values: each((name, spec) => readReleased(reader, name, spec)) };
  }
  return { class: "served", values: each((_name, spec) => readServed(reader, spec)) };
}

function readReleased(reader: FormReader, name: string, spec: OutputSpec): Metrics | ReleasedModel {
  if (spec.kind === "metrics") {
    const values = [...new Set(spec.keys)].map((key) => [key, reader.f64()] as const);
    return { kind: "metrics", values: Object.fromEntries(values) };
  }
  if (!isModelSpec(spec)) throw malformed();
  const decoded = decodeModel(spec, readModel(reader, spec.kind));
  if (decoded.ok) return decoded.model;
  const { rule, change } = decoded;
  throw new SluiceError("ERR_GUARD_OUTPUT", { output: name, rule, change }, { refusedBy: "guard" });
}

function isModelSpec(spec: OutputSpec): spec is ModelSpec {
  return isModelKind(spec.kind);
}

function readServed(reader: FormReader, spec: OutputSpec): Labels | MemberFlags | SquareNetworkFit | TableRows {
  if (spec.kind === "square-network") return readNetwork(reader, spec);
  const rowCount = reader.u32();
  if (spec.kind === "labels") return { kind: "labels", codes: reader.codes(rowCount, spec.vocabulary.length) };
  if (spec.kind === "set") return { kind: "set", members: reader.codes(rowCount, 2) };
  if (spec.kind !== "table") throw malformed();
  const groups = spec.dimensions.map(
    ({ name, levels }) => [name, reader.codes(rowCount, levels.length, NO_LEVEL)] as const,
  );
  const numbers = spec.measures.map((name) => [name, reader.column(rowCount)] as const);
  return { kind: "table-rows", dimensions: Object.fromEntries(groups), measures: Object.fromEntries(numbers) };
}
