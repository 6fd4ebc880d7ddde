/** A hidden layer trained by the kit on a real table, served under encryption: what it loses against the plain model, and how it ranks
 *  beside a logistic regression. Needs SLUICE_DATA_DIR. @module */
import { checkOutput } from "@sluice/desensitize";
import { HiddenClient } from "@sluice/mpc/he/hidden/client";
import { planHidden, scoreHidden } from "@sluice/mpc/he/hidden/server";
import type { SquareNetworkFit } from "@sluice/protocol";
import { inverseLink } from "@sluice/protocol/model-evaluate";
import {
  auc,
  createRng,
  logisticRegression,
  logLoss,
  predict,
  selectRows,
  selectValues,
  splitRows,
  squareNetwork,
  squareScores,
  type Matrix,
} from "@sluice/sandbox/kit";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** Chosen on other splits of the table. */
const ROUNDS = 150;
const PENALTY = 60;

const file = join(process.env["SLUICE_DATA_DIR"] ?? "", "german-credit", "german.data");
const present = process.env["SLUICE_DATA_DIR"] !== undefined && existsSync(file);

/** Numbers, and indicators of all but the first level in sorted order, 32 features. */
function german(): { matrix: Matrix; labels: number[]; bounds: [number, number][] } {
  const rows = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => line.trim().split(/\s+/));
  const features: string[] = [];
  const columns: Float64Array[] = [];
  const bounds: [number, number][] = [];
  const known = new Map<number, [number, number]>([
    [1, [0, 72]],
    [4, [0, 20_000]],
    [7, [1, 4]],
    [10, [1, 4]],
    [12, [18, 80]],
    [15, [1, 4]],
    [17, [1, 2]],
  ]);
  for (const c of [1, 4, 7, 10, 12, 0, 2, 3, 5, 6, 8]) {
    const numeric = known.get(c);
    const values = rows.map((row) => row[c] ?? "");
    const levels = numeric === undefined ? [...new Set(values)].sort().slice(1) : [""];
    for (const level of levels) {
      if (features.length === 32) break;
      features.push(`c${c}${level === "" ? "" : `=${level}`}`);
      columns.push(
        Float64Array.from(values, (value) => (numeric === undefined ? Number(value === level) : Number(value))),
      );
      bounds.push(numeric ?? [0, 1]);
    }
  }
  return {
    matrix: { rowCount: rows.length, features, columns },
    labels: rows.map((row) => Number(row[20]) - 1),
    bounds,
  };
}

/** The model as the guard lets it stay. */
function guarded(fit: SquareNetworkFit, rowCount: number): SquareNetworkFit {
  const { features, units } = fit;
  const risk = {
    kind: "square-network",
    features,
    maxUnits: units.length,
    link: "logistic",
    resolution: 1e-9,
  } as const;
  const manifest = { name: "credit", purpose: "credit", input: {}, outputs: { risk } };
  // More persons than there are: 529 numbers need 1,604 of them.
  const facts = { rowCount: 3 * rowCount, environment: "production" as const };
  const verdict = checkOutput({ class: "served", values: { risk: fit } }, manifest, facts);
  const value = verdict.ok ? verdict.output.values["risk"] : undefined;
  if (value?.kind !== "square-network") throw new Error(JSON.stringify(verdict.findings));
  return value;
}

test.skipIf(!present)(
  "German credit: encrypted scores rank unseen rows as the plain model does, and about as a regression does",
  async () => {
    const { matrix, labels, bounds } = german();
    expect(matrix.features).toHaveLength(32);
    const train = splitRows(matrix.rowCount, 0.7, createRng(1));
    const rest = train.map((kept) => 1 - kept);
    const [fitOn, testOn] = [selectRows(matrix, train), selectRows(matrix, rest)];
    const known = selectValues(labels, train, fitOn.rowCount);
    const unseen = selectValues(labels, rest, testOn.rowCount);
    const fit = squareNetwork(fitOn, known, { bounds, rounds: ROUNDS, l2: PENALTY });
    const plain = squareScores(fit, testOn);
    const regression = auc(predict(logisticRegression(fitOn, known), testOn), unseen);
    expect(regression).toBeGreaterThan(0.7);
    expect(auc(plain, unseen)).toBeGreaterThan(regression - 0.02);
    const network = { ...guarded(fit, fitOn.rowCount), salt: "0f".repeat(32) };
    const parameters = await planHidden(network);
    const client = await HiddenClient.open(parameters);
    const query = client.encrypt(
      Object.fromEntries(testOn.features.map((name, j) => [name, testOn.columns[j] ?? new Float64Array(0)])),
    );
    const scores = query.finish(await scoreHidden({ network, parameters }, query.frame));
    const loss = (values: Float64Array): number =>
      logLoss(
        values.map((value) => inverseLink("logit", value)),
        unseen,
      );
    // Rounded weights and noise together.
    expect(Math.abs(auc(scores, unseen) - auc(plain, unseen))).toBeLessThan(0.002);
    expect(Math.abs(loss(scores) - loss(plain))).toBeLessThan(0.002);
  },
  60_000,
);
