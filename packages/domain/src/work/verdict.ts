/** The store's second look at what the guard lets through: shapes against the manifest, lengths and codes against the
 *  table. The guard read what user code wrote, so nothing it says is taken on trust.
 *  @module */
import { documentHash, sha256Hex, SluiceError } from "@sluice/protocol";
import type {
  Bytes,
  GuardFinding,
  JobManifest,
  JobOutput,
  Labels,
  LinearModel,
  Metrics,
  OutputSpec,
} from "@sluice/protocol";
import type { GuardAnswer } from "./guard-protocol.ts";

/** The guarded output in `answer`, rebuilt from what the manifest declares. @throws ERR_GUARD_OUTPUT when it does not fit. */
export function outputOf(
  answer: Extract<GuardAnswer, { kind: "released" | "served" }>,
  codes: readonly Bytes[],
  { manifest, entry, rowCount }: { manifest: JobManifest; entry: "develop" | "produce"; rowCount: number },
): JobOutput {
  const declared = Object.entries(manifest.outputs).filter(
    ([, spec]) => (spec.kind === "labels") === (entry === "produce"),
  );
  if (answer.kind === "released") {
    if (entry !== "develop" || codes.length > 0) throw unfit("all");
    checkNames(Object.keys(answer.values), declared);
    return {
      class: "released",
      values: Object.fromEntries(declared.map(([name, spec]) => [name, released(name, spec, answer.values[name])])),
    };
  }
  if (entry !== "produce" || codes.length !== answer.names.length) throw unfit("all");
  checkNames(answer.names, declared);
  const labels = declared.map(([name, spec]): [string, Labels] => {
    const own = codes[answer.names.indexOf(name)];
    const limit = spec.kind === "labels" ? spec.vocabulary.length : 0;
    if (own === undefined || own.length !== rowCount || own.some((code) => code >= limit)) throw unfit(name);
    return [name, { kind: "labels", codes: own }];
  });
  return { class: "served", values: Object.fromEntries(labels) };
}

/** Hash of an output as the guard let it through: of its canonical JSON, with label codes as their SHA-256. */
export async function outputHash(output: JobOutput): Promise<string> {
  if (output.class === "released") return documentHash(output);
  const hashed = Object.entries(output.values).map(async ([name, { kind, codes }]) => [
    name,
    { kind, codes: await sha256Hex(codes) },
  ]);
  return documentHash({ class: output.class, values: Object.fromEntries(await Promise.all(hashed)) as unknown });
}

/** The refusal that `findings` amount to. */
export function refusalOf(findings: readonly GuardFinding[]): { output: string; rule: string; change: string } {
  const first = findings.find(({ result }) => result === "refused");
  return {
    output: first?.output ?? "all",
    rule: first?.rule ?? "guard-answer",
    change: first?.note ?? "return what the job API returns",
  };
}

function checkNames(names: readonly string[], declared: readonly [string, OutputSpec][]): void {
  const same = names.length === declared.length && declared.every(([name]) => names.includes(name));
  if (!same || names.length === 0) throw unfit("all");
}

function released(name: string, spec: OutputSpec, value: Metrics | LinearModel | undefined): Metrics | LinearModel {
  if (spec.kind === "metrics" && value?.kind === "metrics") {
    checkNames(
      Object.keys(value.values),
      spec.keys.map((key) => [key, spec]),
    );
    return { kind: "metrics", values: Object.fromEntries(spec.keys.map((key) => [key, value.values[key] ?? 0])) };
  }
  if (spec.kind === "linear-model" && value?.kind === "linear-model") {
    const { features, weights } = value;
    if (features.length !== weights.length || weights.length > spec.maxParameters) throw unfit(name);
    return value;
  }
  throw unfit(name);
}

function unfit(output: string): SluiceError {
  return new SluiceError("ERR_GUARD_OUTPUT", {
    output,
    rule: "guard-answer",
    change: "report it: the guard's answer does not fit the manifest",
  });
}
