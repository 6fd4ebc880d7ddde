/** Rules that a decoder refuses by. A decoder says a number; the words are said here, from the manifest alone.
 *  @module */
import { isModelKind, SluiceError, type JobManifest, type OutputSpec } from "@sluice/protocol";
import { malformed, type FormReader } from "./form-reader.ts";
import { MODEL_FORMS } from "./output-model.ts";

/** Name of the rule, and what must change. */
type Words = readonly [rule: string, change: string];

/** By number, as in `child/form.mjs`. */
const RULES: Readonly<Record<number, Words | ((spec: OutputSpec) => Words | undefined)>> = {
  1: ["output-size", "return less"],
  2: ["output-format", "return what the job API returns"],
  3: ["output-undeclared", "return the declared outputs of one class only"],
  4: ["output-missing", "return every declared output"],
  5: ["metrics-finite", "return one finite number per key"],
  6: ["metrics-keys", "return exactly the declared keys"],
  7: (spec) => (isModelKind(spec.kind) ? [`${spec.kind}-form`, MODEL_FORMS[spec.kind]] : undefined),
  8: ["labels-form", "return a Uint8Array with one entry per row"],
  9: (spec) =>
    spec.kind === "labels" ? ["labels-vocabulary", `use codes below ${spec.vocabulary.length}`] : undefined,
  10: ["set-form", "return a Uint8Array with one entry per row"],
  11: ["set-values", "use codes below 2"],
  12: ["table-form", "return exactly the declared dimensions and measures, one column each"],
  13: ["table-levels", "use an index of the declared levels, or 255 for none"],
  14: ["table-length", "return one entry per row in every column"],
  15: ["table-finite", "return finite numbers, and NaN for none"],
  16: ["manifest-form", "declare less"],
  17: (spec) =>
    spec.kind === "square-network"
      ? [
          "network-form",
          `return at most ${spec.maxUnits} units, each with sign, bias and a weight per feature, all finite`,
        ]
      : undefined,
};

/** Stands for all outputs. */
const ALL_OUTPUTS = 0xffff;

/** The refusal that `reader` stands before. Without `manifest`, a bundle was described.
 *  @throws ERR_GUARD_OUTPUT when it is none */
export function readRefusal(reader: FormReader, manifest: JobManifest | null): SluiceError {
  const index = reader.u16();
  const entry = RULES[reader.u8()];
  reader.end();
  const [output, spec] = Object.entries(manifest?.outputs ?? {})[index] ?? [];
  if ((output === undefined) !== (index === ALL_OUTPUTS)) throw malformed();
  // A rule on a kind is about an output of that kind.
  const words = typeof entry === "function" ? spec && entry(spec) : entry;
  if (words === undefined) throw malformed();
  const [rule, change] = words;
  return new SluiceError("ERR_GUARD_OUTPUT", { output: output ?? "all", rule, change }, { refusedBy: "guard" });
}
