/** A small product of hidden selections for tests: seven groups, two measures. @module */
import {
  encodeSelection,
  parseSelectionParameters,
  toHex,
  type Bytes,
  type Selection,
  type SelectionParameters,
} from "@sluice/protocol";
import { randomScalar, selectionGroup } from "../src/he/selection/group.ts";
import { makeSelection } from "../src/he/selection/make-selection.ts";
import {
  memorySelectionRegister,
  SelectionServer,
  SelectionTable,
  type SelectionGroupSums,
  type SelectionServerOptions,
} from "../src/he/selection/server.ts";
import { commitmentOf } from "../src/he/selection/transcript.ts";
import { systemRandom } from "../src/random.ts";

export const CALLER = "city-hospital";
export const LABELS = ["a", "b", "c", "d", "e", "f", "g"];

/** Two or more of seven selected, two or more left out. */
export const PARAMETERS: SelectionParameters = parseSelectionParameters({
  type: "hidden-selection",
  version: 1,
  product: "costs",
  groups: LABELS,
  minimumGroups: 2,
  minimumRows: 10,
  measures: [
    { name: "people", subjectBound: 1, noiseScale: 2, bound: 20_000 },
    { name: "balance", subjectBound: 100, noiseScale: 10, bound: 50_000 },
  ],
});

export const GROUPS: readonly SelectionGroupSums[] = LABELS.map((label, i) => ({
  label,
  rows: 10 + i,
  sums: [BigInt(100 * i), BigInt((i - 3) * 1_000)],
}));

/** A register that allows enough, and a role without noise unless options say otherwise. */
export async function openServer(options: Partial<SelectionServerOptions> = {}) {
  const register = options.register ?? memorySelectionRegister({ maxSelections: 100, maxEpsilon: 1e6 });
  const table = options.table ?? new SelectionTable(PARAMETERS, "2026-10", GROUPS);
  const server = await SelectionServer.open({ table, caller: CALLER, noise: () => 0n, ...options, register });
  const admit = async (commitment: Bytes, frame: Bytes): Promise<void> => {
    const entry = { product: "costs", caller: options.caller ?? CALLER, commitment: toHex(commitment) };
    const refusal = await register.register(entry);
    if (refusal !== null) throw new Error(refusal);
    await server.select(frame);
  };
  return { server, register, admit };
}

/** A selection of any numbers, as a caller would send it who leaves out the client's look at them. */
export async function selectionOf(
  numbers: readonly number[],
  { parameters = PARAMETERS, caller = CALLER }: { parameters?: SelectionParameters; caller?: string } = {},
): Promise<Selection> {
  const group = await selectionGroup();
  return await makeSelection(group, systemRandom, parameters, caller, numbers, randomScalar(group, systemRandom));
}

/** Commitment and frame. */
export function sentAs(selection: Selection): [Bytes, Bytes] {
  return [commitmentOf(selection), encodeSelection(selection)];
}
