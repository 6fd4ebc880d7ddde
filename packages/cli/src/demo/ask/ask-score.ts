/** Rows scored under encryption, each compared with the plain score of the released model.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { ReleasedModel, ScoreLink } from "@sluice/protocol";
import type { Asked } from "../plan.ts";

/** What is scored. */
export interface ScoreQuestion {
  readonly product: string;
  /** Columns by feature, equally long. */
  readonly columns: Readonly<Record<string, Float64Array>>;
  readonly model: ReleasedModel | undefined;
  readonly link: ScoreLink;
  readonly progress: (text: string) => void;
}

/** Scores the rows; no score may be further from the plain one than the published bound. */
export async function askScores(client: SluiceClient, question: ScoreQuestion): Promise<Asked> {
  const { product, columns, link, progress } = question;
  const model = question.model?.kind === "linear-model" ? question.model : undefined;
  const rows = Object.values(columns)[0]?.length ?? 0;
  progress(`${rows} rows`);
  const handle = await client.openScore(product);
  const started = performance.now();
  const { scores, responses, receipt } = await handle.score(columns);
  const p50Ms = performance.now() - started;
  const { errorBound } = handle.snapshot.parameters;
  let correct = scores.length === rows && responses.length === rows && model !== undefined;
  for (let row = 0; row < rows; row++) {
    const plain = (model?.features ?? []).reduce(
      (sum, feature, j) => sum + (model?.weights[j] ?? Number.NaN) * (columns[feature]?.[row] ?? Number.NaN),
      model?.intercept ?? Number.NaN,
    );
    const response = link === "logistic" ? 1 / (1 + Math.exp(-plain)) : plain;
    // Written so that NaN counts as wrong.
    correct &&= Math.abs((scores[row] ?? Number.NaN) - plain) <= errorBound;
    correct &&= Math.abs((responses[row] ?? Number.NaN) - response) <= errorBound;
  }
  return { result: { correct, count: rows, p50Ms }, receipts: [receipt] };
}
