/** The store's second look at what the guard lets through: shapes against the manifest, lengths and codes against the
 *  table. The guard read what user code wrote, so nothing it says is taken on trust.
 *  @module */
import { isRoundedNetwork } from "@sluice/desensitize";
import {
  documentHash,
  fitsSpec,
  isModel,
  isProducedKind,
  isServedKind,
  sha256Hex,
  SluiceError,
  SquareNetworkFit,
} from "@sluice/protocol";
import type {
  Bytes,
  CheckedOutput,
  GuardFinding,
  JobManifest,
  Metrics,
  OutputSpec,
  ReleasedModel,
  Sha256Hex,
  SquareNetworkSpec,
} from "@sluice/protocol";
import { MAX_NETWORK_JSON_BYTES, type GuardAnswer } from "./guard-protocol.ts";
import { parseJson, tableOf } from "./table-verdict.ts";

/** What was run: the manifest of the bundle, its function, and the rows that it read. */
export interface RunFacts {
  readonly manifest: JobManifest;
  readonly entry: "develop" | "produce";
  readonly rowCount: number;
}

type ServedValue = Extract<CheckedOutput, { class: "served" }>["values"][string];

/** The guarded output in `answer`, rebuilt from what the manifest declares. @throws ERR_GUARD_OUTPUT when it does not fit. */
export function outputOf(
  answer: Extract<GuardAnswer, { kind: "released" | "served" }>,
  parts: readonly Bytes[],
  { manifest, entry, rowCount }: RunFacts,
): CheckedOutput {
  const declared = Object.entries(manifest.outputs).filter(([, { kind }]) =>
    entry === "produce" ? isProducedKind(kind) : !isServedKind(kind),
  );
  if (answer.kind === "released") {
    if (entry !== "develop" || parts.length > 0) throw unfit("all");
    checkNames(Object.keys(answer.values), declared);
    return {
      class: "released",
      values: Object.fromEntries(declared.map(([name, spec]) => [name, released(name, spec, answer.values[name])])),
    };
  }
  const { outputs } = answer;
  if (entry !== "produce" || parts.length !== outputs.length) throw unfit("all");
  const names = outputs.map(({ name }) => name);
  checkNames(names, declared);
  const values = declared.map(([name, spec]) => {
    const i = names.indexOf(name);
    if (outputs[i]?.kind !== spec.kind) throw unfit(name);
    return [name, served(name, spec, parts[i] ?? new Uint8Array(0), rowCount)] as const;
  });
  return { class: "served", values: Object.fromEntries(values) };
}

function served(name: string, spec: OutputSpec, part: Bytes, rowCount: number): ServedValue {
  if (spec.kind === "square-network") {
    const network = networkOf(part, spec);
    if (network === null) throw unfit(name);
    return network;
  }
  if (spec.kind === "table") {
    const table = tableOf(part, spec, rowCount);
    if (table === null) throw unfit(name);
    return table;
  }
  const limit = spec.kind === "labels" ? spec.vocabulary.length : 2;
  if (part.length !== rowCount || part.some((code) => code >= limit)) throw unfit(name);
  return spec.kind === "labels" ? { kind: "labels", codes: part } : { kind: "set", members: part };
}

/** The model whose JSON text `part` is; null when it does not fit what the job declares, or has digits that the guard takes off. */
function networkOf(part: Bytes, { features, maxUnits }: SquareNetworkSpec): SquareNetworkFit | null {
  const parsed = SquareNetworkFit.safeParse(part.length > MAX_NETWORK_JSON_BYTES ? undefined : parseJson(part));
  if (!parsed.success) return null;
  const { data } = parsed;
  const declared = JSON.stringify(data.features) === JSON.stringify(features) && data.units.length <= maxUnits;
  return declared && isRoundedNetwork(data) ? data : null;
}

/** Hash of an output as the guard let it through: of its canonical JSON, with bytes as their SHA-256. A model that stays is under the
 *  hash with `salt`, so that whoever reads the report cannot try weights. */
export async function outputHash(output: CheckedOutput, salt?: Sha256Hex): Promise<string> {
  if (output.class === "released") return documentHash(output);
  const hashed = Object.entries(output.values).map(async ([name, value]) => [name, await hashable(value, salt)]);
  return documentHash({ class: output.class, values: Object.fromEntries(await Promise.all(hashed)) as unknown });
}

async function hashable(value: ServedValue, salt: Sha256Hex | undefined): Promise<unknown> {
  switch (value.kind) {
    case "labels":
      return { kind: value.kind, codes: await sha256Hex(value.codes) };
    case "set":
      return { kind: value.kind, members: await sha256Hex(value.members) };
    case "square-network":
      if (salt === undefined) throw new TypeError("a model that stays is named under a salt");
      return { kind: value.kind, network: await documentHash({ ...value, salt }) };
    case "table":
      return value;
  }
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

function released(name: string, spec: OutputSpec, value: Metrics | ReleasedModel | undefined): Metrics | ReleasedModel {
  if (spec.kind === "metrics" && value?.kind === "metrics") {
    checkNames(
      Object.keys(value.values),
      spec.keys.map((key) => [key, spec]),
    );
    return { kind: "metrics", values: Object.fromEntries(spec.keys.map((key) => [key, value.values[key] ?? 0])) };
  }
  if (isModel(spec) && value !== undefined && isModel(value) && fitsSpec(value, spec)) return value;
  throw unfit(name);
}

function unfit(output: string): SluiceError {
  return new SluiceError("ERR_GUARD_OUTPUT", {
    output,
    rule: "guard-answer",
    change: "report it: the guard's answer does not fit the manifest",
  });
}
