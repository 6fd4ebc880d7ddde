/** What a reader is told of a table under differential privacy: its numbers as grids, how far noise moves them, and what
 *  follows for reading them.
 *  @module */
import type { NoisyTable, PrivacyLoss } from "@sluice/protocol";
import { formatNumber, type Figure, type GridTable } from "./grids.ts";

/** Prefix of the measure that is a sum; the mean of it stands beside, made from both noisy numbers. */
const SUM = "sum ";
const MEAN = "mean ";
/** A mean over a count below so many standard errors of noise says nothing. */
const MIN_COUNT_ERRORS = 3;

/** The numbers: rows, and of each measure the sum and the mean. A mean is left out where the count is mostly noise. */
export function noisyGrid({ dimensions, measures, cells, standardErrors }: NoisyTable): GridTable {
  return {
    dimensions,
    measures: measures.flatMap(({ name }) => [`${SUM}${name}`, `${MEAN}${name}`]),
    cells: cells.map(({ at, rows, sums }) => ({
      at,
      rows,
      means: Object.fromEntries(
        Object.entries(sums).flatMap(([name, text]): [string, number][] => {
          const sum = Number(text);
          const shown: [string, number] = [`${SUM}${name}`, sum];
          const firm = rows >= MIN_COUNT_ERRORS * standardErrors.rows && rows > 0;
          return firm ? [shown, [`${MEAN}${name}`, Number((sum / rows).toPrecision(3))]] : [shown];
        }),
      ),
    })),
  };
}

/** Title of a figure, in Chinese and in English. */
export function noisyTitle({ measure }: Figure): [zh: string, en: string] {
  if (measure === null) return ["行数（加噪）", "Rows, with noise"];
  if (measure.startsWith(SUM)) {
    const name = measure.slice(SUM.length);
    return [`合计（加噪）：${name}`, `Sum of ${name}, with noise`];
  }
  const name = measure.slice(MEAN.length);
  return [`均值（由加噪数推算）：${name}`, `Mean of ${name}, from noisy numbers`];
}

/** What noise there is, line by line, in Chinese and in English. */
export function noiseWords(table: NoisyTable): [zh: string, en: string][] {
  const { loss, contribution, standardErrors, measures, cost } = table;
  const errors = measures.map(({ name }) => `${name} ±${formatNumber(standardErrors.sums[name] ?? 0)}`).join("，");
  const spent = Number(cost) / 1e6;
  return [
    [
      `${lossWords(loss)[0]}；行数的标准误差 ±${formatNumber(standardErrors.rows)}${errors === "" ? "" : `；合计的标准误差：${errors}`}`,
      `${lossWords(loss)[1]}; standard error of rows ±${formatNumber(standardErrors.rows)}${errors === "" ? "" : `; of sums: ${errors}`}`,
    ],
    [
      `每人至多计入 ${contribution.groups} 格、每格至多 ${contribution.rows} 行；消耗该数源表预算 ρ = ${spent}`,
      `of each person at most ${contribution.groups} cells with ${contribution.rows} rows each count; it cost the source table ρ = ${spent}`,
    ],
    ["负数与空组中的非零数都是噪声", "negative numbers, and numbers of empty groups, are noise"],
  ];
}

function lossWords(loss: PrivacyLoss): [zh: string, en: string] {
  return loss.mechanism === "laplace"
    ? [`离散拉普拉斯噪声，ε = ${loss.epsilon}`, `discrete Laplace noise, ε = ${loss.epsilon}`]
    : [`离散高斯噪声，ρ = ${loss.rho}`, `discrete Gaussian noise, ρ = ${loss.rho}`];
}
