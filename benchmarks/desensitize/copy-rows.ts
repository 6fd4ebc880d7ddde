/** Rows of the peer itself, so that a reader sees what the multiples multiply.
 *  @module */
import { measure, type Row } from "../suite.ts";
import type { Bench } from "./bench.ts";

/** Processor time of the plain copy, of people and of flights. */
export async function copyRows(bench: Bench): Promise<Row[]> {
  const seconds = async (source: string): Promise<number> => (await bench.plainCopy(source)).cpuSeconds;
  const people = await bench.people();
  const rows = [
    await measure({ name: `plain copy, people-${bench.label}`, n: bench.rows, unit: "CPU s" }, 5, () =>
      seconds(people),
    ),
  ];
  if (bench.slow) {
    const flights = await bench.flights();
    rows.push(
      await measure({ name: "plain copy, flights-3M", n: 3_000_000, unit: "CPU s" }, 5, () => seconds(flights)),
    );
  }
  return rows;
}
