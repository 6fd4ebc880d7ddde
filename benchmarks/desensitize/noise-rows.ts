/** Rows of noise: exact samples over the system's randomness, at the scales of counts and of sums.
 *  @module */
import { randomBytes } from "node:crypto";
import { discreteGaussian, discreteLaplace, rational, RandomWords, type Sampler } from "@sluice/desensitize";
import { measure, type Row } from "../suite.ts";

const SAMPLES = 500_000;
const ROUNDS = 7;

/** Scale 10 is a count at ε = 0.1; σ² = 100 costs ρ = 0.005. The large ones are sums of amounts. */
const SAMPLERS: readonly [string, Sampler][] = [
  ["dp-laplace", discreteLaplace(rational(10n, 1n))],
  ["dp-laplace, scale 10^6", discreteLaplace(rational(10n ** 6n, 1n))],
  ["dp-laplace, scale 10^15/3", discreteLaplace(rational(10n ** 15n, 3n))],
  ["dp-gaussian", discreteGaussian(rational(100n, 1n))],
  ["dp-gaussian, variance 10^12", discreteGaussian(rational(10n ** 12n, 1n))],
  ["dp-gaussian, variance 10^30/7", discreteGaussian(rational(10n ** 30n, 7n))],
];

/** Samples in a second of processor time. */
export async function noiseRows(): Promise<Row[]> {
  const words = new RandomWords({ bytes: (length) => new Uint8Array(randomBytes(length)) });
  const rows: Row[] = [];
  for (const [name, sampler] of SAMPLERS) {
    rows.push(
      await measure({ name, n: SAMPLES, unit: "samples/s" }, ROUNDS, async () => {
        const start = process.cpuUsage();
        for (let i = 0; i < SAMPLES; i++) sampler(words);
        const { user, system } = process.cpuUsage(start);
        return SAMPLES / ((user + system) / 1e6);
      }),
    );
  }
  return rows;
}
