/** The rows `selection-100` and `selection-1000`: a hidden selection over so many groups, of one measure: the caller's
 *  encryption with its proofs, their verification, the domain's encrypted sum, and the caller's opening of it.
 *  @module */
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import { memorySelectionRegister, SelectionServer, SelectionTable } from "@sluice/mpc/he/selection/server";
import { parseSelectionParameters, toHex } from "@sluice/protocol";
import { measure, type Row } from "../suite.ts";

const ROUNDS = 5;
const CALLER = "a-caller";
const BOUND = 1_000_000;
const STEPS = ["select", "verify", "sum", "open"] as const;
type Times = Record<(typeof STEPS)[number], number>;

async function selection(count: number): Promise<{ times: Times; uploadBytes: number; error: number }> {
  const groups = Array.from({ length: count }, (_, i) => `group ${i}`);
  const parameters = parseSelectionParameters({
    type: "hidden-selection",
    version: 1,
    product: "costs",
    groups,
    minimumGroups: 2,
    minimumRows: 10,
    measures: [{ name: "people", subjectBound: 1, noiseScale: 1, bound: BOUND }],
  });
  const sums = groups.map((_, i) => BigInt((i * 37) % 900));
  const rows = groups.map((label, i) => ({ label, rows: 10, sums: [sums[i] ?? 0n] }));
  const table = new SelectionTable(parameters, "now", rows);
  const register = memorySelectionRegister({ maxSelections: 1, maxEpsilon: 10 });
  const server = await SelectionServer.open({ table, caller: CALLER, register, noise: () => 1n });
  const selected = groups.filter((_, i) => i % 3 === 0);
  const times: Times = { select: 0, verify: 0, sum: 0, open: 0 };
  const timed = async <T>(step: keyof Times, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    times[step] = performance.now() - start;
    return result;
  };
  const client = await timed("select", () => SelectionClient.select({ parameters, caller: CALLER }, selected));
  await register.register({ product: "costs", caller: CALLER, commitment: toHex(client.commitment) });
  await timed("verify", () => server.select(client.frame));
  const request = client.request("now", ["people"]);
  const answer = await timed("sum", () => server.answer(request));
  const opened = await timed("open", () => client.open(request, answer));
  const plain = sums.reduce((total, sum, i) => (i % 3 === 0 ? total + sum : total), 1n);
  const error = Math.abs((opened.get("people") ?? Number.NaN) - Number(plain));
  const uploadBytes = client.frame.length;
  client.close();
  return { times, uploadBytes, error };
}

/** Four times and the bytes sent, for each number of groups. */
export async function selectionRows(progress: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [100, 1_000]) {
    const name = `selection-${count}`;
    progress(name);
    const first = await selection(count); // warms up
    const runs = [];
    for (let i = 0; i < ROUNDS; i++) runs.push(await selection(count));
    const error = Math.max(...runs.map((run) => run.error));
    progress(`${name}: largest error ${error}`);
    if (error !== 0) throw new Error(`a sum is off by ${error}`);
    for (const step of STEPS) {
      const measured = runs.map(({ times }) => times[step]);
      rows.push(
        await measure({ name: `${name} ${step}`, n: count, unit: "ms" }, ROUNDS, () =>
          Promise.resolve(measured.shift() ?? Number.NaN),
        ),
      );
    }
    rows.push({ name: `${name} upload`, n: count, value: first.uploadBytes, unit: "bytes" });
  }
  return rows;
}
