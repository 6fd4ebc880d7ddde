import type {
  Clusters,
  ColumnBatch,
  LinearModel,
  ModelEvidence,
  Scorecard,
  Tree,
  TreeModel,
  Verdict,
} from "@sluice/protocol";
import { ModelEvidence as EvidenceForm } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { kolmogorov, measureMembership, upperTail } from "../src/guard/model/membership.ts";
import { factsOf, fitLate, judge, numbers, people, refused, said } from "./model-people.ts";

const MEMBERS = people(1_200, 11);
const OTHERS = people(1_200, 12);
const FACTS = factsOf(MEMBERS, { heldOut: OTHERS });
const LINEAR = { kind: "linear-model", maxParameters: 8, target: "late", link: "logit" } as const;
const TREES = { kind: "tree-model", maxTrees: 200, maxLeaves: 64, target: "late", link: "logit" } as const;
const honest: LinearModel = { kind: "linear-model", features: ["age", "income"], ...fitLate(MEMBERS, 100) };

const evidenceOf = ({ evidence }: Verdict): ModelEvidence => {
  const [first] = evidence ?? [];
  if (first === undefined) throw new Error("nothing was measured");
  return first;
};

/** A tree that puts each run of `size` incomes into a leaf of its own, with the share of late payers there as log-odds. */
function memorising(table: ColumnBatch, size: number): TreeModel {
  const income = table.columns["income"]?.values ?? [];
  const late = table.columns["late"]?.values ?? [];
  const order = [...income.keys()].sort((a, b) => (income[a] ?? 0) - (income[b] ?? 0));
  const cuts: { threshold: number; value: number }[] = [];
  for (let from = 0; from < order.length; from += size) {
    const own = order.slice(from, from + size);
    const share = own.reduce((sum, row) => sum + (late[row] ?? 0), 0) / own.length;
    const value = Math.log((share + 0.02) / (1.02 - share));
    cuts.push({ threshold: income[own.at(-1) ?? 0] ?? 0, value });
  }
  const trees: Tree[] = [];
  // 63 leaves a tree; what is not in the range of a tree gets nothing from it.
  for (let from = 0; from < cuts.length; from += 60)
    trees.push(rangeTree(cuts.slice(from, from + 60), cuts[from - 1]?.threshold));
  return { kind: "tree-model", link: "logit", features: ["income"], base: 0, trees };
}

function rangeTree(cuts: readonly { threshold: number; value: number }[], below: number | undefined): Tree {
  const tree: Tree = { feature: [], threshold: [], left: [], right: [], value: [] };
  const steps = [...(below === undefined ? [] : [{ threshold: below, value: 0 }]), ...cuts];
  for (const [i, { threshold, value }] of steps.entries()) {
    tree.feature.push(0, 0);
    tree.threshold.push(threshold, 0);
    tree.left.push(2 * i + 1, -1);
    tree.right.push(2 * i + 2, -1);
    tree.value.push(0, value);
  }
  for (const list of [tree.feature, tree.threshold, tree.value]) list.push(0);
  tree.left.push(-1);
  tree.right.push(-1);
  return tree;
}

test("model-membership: a model of the whole passes, one that remembers is refused", () => {
  const fair = judge(honest, LINEAR, FACTS);
  expect(said(fair, "model-membership")).toBe("passed");
  const { membership, ...evidence } = evidenceOf(fair);
  expect(Math.abs((membership?.auc ?? 0) - 0.5)).toBeLessThan(0.04);
  expect(membership).toMatchObject({ members: 1_200, others: 1_200 });
  expect(EvidenceForm.safeParse({ ...evidence, membership }).success).toBe(true);

  const learnt = judge(memorising(MEMBERS, 2), TREES, FACTS);
  expect(said(learnt, "model-membership")).toBe("refused");
  expect(evidenceOf(learnt).membership?.auc).toBeGreaterThan(0.6);
});

test("model-membership: between its limits a model waits for a person", () => {
  const some = judge(memorising(MEMBERS, 12), TREES, FACTS);
  const { auc, pValue } = evidenceOf(some).membership ?? { auc: 0, pValue: 1 };
  expect(auc).toBeGreaterThan(0.55);
  expect(auc).toBeLessThan(0.6);
  expect(pValue).toBeLessThan(0.01);
  expect(said(some, "model-membership")).toBe("review");
});

test("model-membership: centres that lie on their own persons are refused", () => {
  const pairs = Array.from({ length: 24 }, (_, i) => [
    ((MEMBERS.columns["age"]?.values[i] ?? 0) - 50) / 17,
    ((MEMBERS.columns["income"]?.values[i] ?? 0) - 60_000) / 23_000,
  ]);
  const model: Clusters = {
    kind: "clusters",
    features: ["age", "income"],
    means: [50, 60_000],
    scales: [17, 23_000],
    centres: pairs,
  };
  const few = { ...MEMBERS, rowCount: 120, columns: first(MEMBERS, 120) };
  const verdict = judge(model, { kind: "clusters", maxClusters: 64 }, factsOf(few, { heldOut: OTHERS }));
  expect(said(verdict, "model-target")).toBe(null);
  expect(said(verdict, "model-membership")).toBe("refused");
});

test("model-target: without a target, or one that no loss can be taken of, membership was not measured", () => {
  const { target: _, ...untold } = LINEAR;
  expect(said(judge(honest, untold, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, { ...LINEAR, target: "region" }, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, { ...LINEAR, target: "constant" }, FACTS), "model-target")).toBe("review");
  const byAge: LinearModel = { ...honest, features: ["age"], weights: [-0.05] };
  expect(said(judge(byAge, { ...LINEAR, target: "income", link: "logit" }, FACTS), "model-target")).toBe("review");
  expect(said(judge(honest, LINEAR, FACTS), "model-target")).toBe("passed");
});

test("model-holdout: without rows outside of the sample, or with fewer than 100, a person looks", () => {
  const { heldOut: _, ...alone } = FACTS;
  expect(said(judge(honest, LINEAR, alone), "model-holdout")).toBe("review");
  expect(said(judge(honest, LINEAR, { ...FACTS, heldOut: people(99, 13) }), "model-holdout")).toBe("review");
  expect(said(judge(honest, LINEAR, { ...FACTS, heldOut: people(100, 13) }), "model-holdout")).toBe("passed");
  expect(evidenceOf(judge(honest, LINEAR, alone)).membership).toBe(undefined);
});

test("model-attributes: refuses a model whose output gives away who is ill, of those in the sample alone", () => {
  // Late payers are the ill, in the sample only: with age and outcome known, the rest follows.
  const copied = { ...MEMBERS, columns: { ...MEMBERS.columns, late: { ...column(MEMBERS, "ill") } } };
  const model: LinearModel = { kind: "linear-model", features: ["age", "ill"], weights: [-0.001, 6], intercept: -3 };
  const verdict = judge(model, LINEAR, factsOf(copied, { heldOut: OTHERS }));
  expect(said(verdict, "model-attributes")).toBe("refused");
  const [attribute] = evidenceOf(verdict).attributes;
  expect(attribute).toMatchObject({ column: "ill", members: 1 });
  expect(attribute?.others).toBeLessThan(0.8);
  // Of everybody alike it is what the model learnt.
  const both = { ...OTHERS, columns: { ...OTHERS.columns, late: { ...column(OTHERS, "ill") } } };
  expect(said(judge(model, LINEAR, factsOf(copied, { heldOut: both })), "model-attributes")).toBe("passed");
});

test("a base or a scale that saturates, and a model turned round, hide nothing of what it remembers", () => {
  const learnt = memorising(MEMBERS, 2);
  const scaled = (factor: number): TreeModel => ({
    ...learnt,
    trees: learnt.trees.map((tree) => ({ ...tree, value: tree.value.map((value) => value * factor) })),
  });
  for (const model of [{ ...learnt, base: 1_000 }, { ...learnt, base: 30 }, scaled(-1), scaled(0.001), scaled(1_000)]) {
    const verdict = judge(model, TREES, FACTS);
    expect(said(verdict, "model-membership")).toBe("refused");
  }
  const sure = judge({ ...honest, intercept: 1_000 }, LINEAR, FACTS);
  expect(said(sure, "model-membership")).toBe("passed");
  expect(said(sure, "model-target")).toBe("review");
});

test("losses that are larger for members tell them as well", () => {
  const random = numbers(4);
  const small = Float64Array.from({ length: 300 }, () => random());
  const large = Float64Array.from({ length: 300 }, () => random() + 0.4);
  const [one, other] = [measureMembership(small, large), measureMembership(large, small)];
  expect(other?.pValue).toBeCloseTo(one?.pValue ?? 1, 12);
  expect(other?.pValue).toBeLessThan(1e-6);
  expect(other?.tprAt1.value).toBeGreaterThan(0.3);
  expect(other?.gap).toEqual(one?.gap);
});

test("model-target: a model that reads what it is measured by is refused", () => {
  const own: LinearModel = { ...honest, features: ["age", "late"], weights: [-0.05, 1_000] };
  expect(said(judge(own, LINEAR, FACTS), "model-target")).toBe("refused");
});

test("model-finite: a prediction that overflows is refused, and no loss ends the measure early", () => {
  const [tree, ...rest] = memorising(MEMBERS, 2).trees;
  if (tree === undefined) throw new Error("no tree");
  const leaf = tree.left.indexOf(-1);
  const model: TreeModel = {
    ...memorising(MEMBERS, 2),
    link: "log",
    trees: [{ ...tree, value: tree.value.with(leaf, 1_000) }, ...rest],
  };
  expect(refused(judge(model, { ...TREES, link: "log" }, FACTS))).toContain("model-finite");
  const broken = new Float64Array(200).fill(1).with(5, Number.NaN);
  expect(() => measureMembership(broken, new Float64Array(200))).toThrow(RangeError);
});

test("model-membership: what a model remembers of a column that was not declared is for a person to judge", () => {
  const random = numbers(21);
  const tossed = (table: ColumnBatch): ColumnBatch => ({
    ...table,
    columns: {
      ...table.columns,
      coin: {
        type: "bool",
        values: Uint8Array.from(table.columns["age"]?.values ?? [], () => (random() < 0.5 ? 1 : 0)),
      },
    },
  });
  const facts = factsOf(tossed(MEMBERS), { heldOut: tossed(OTHERS) });
  const verdict = judge(memorising(MEMBERS, 2), { ...TREES, target: "coin" }, facts);
  expect(said(verdict, "model-membership")).toBe("review");
  expect(said(judge(honest, LINEAR, facts), "model-membership")).toBe("passed");
});

test("model-copy, model-target: numbers of rows in the place of parameters are for a person to judge", () => {
  const income = Array.from(MEMBERS.columns["income"]?.values ?? []);
  const levels = ["north", "south", "east", "west", "centre"];
  const model: Scorecard = {
    kind: "scorecard",
    intercept: 0,
    items: [
      { column: "age", breaks: [30, 40, 50, 60], points: [...income.slice(0, 5), 0] },
      { column: "region", levels: levels.map((level) => [level]), points: [...income.slice(5, 10), 0] },
    ],
  };
  const card = { kind: "scorecard", maxBins: 64, target: "late" } as const;
  const verdict = judge(model, card, FACTS);
  expect(said(verdict, "model-copy")).toBe("review");
  expect(said(verdict, "model-target")).toBe("review");
  // As many numbers of nobody.
  const beside = { ...model, items: model.items.map((item) => ({ ...item, points: item.points.map((p) => p / 1e5) })) };
  expect(said(judge(beside, card, FACTS), "model-copy")).toBe("passed");
  expect(said(judge(honest, LINEAR, FACTS), "model-copy")).toBe("passed");
});

test("model-outputs: more different outputs than a third of the persons wait for a person", () => {
  expect(said(judge(honest, { ...LINEAR, link: "identity" }, FACTS), "model-outputs")).toBe("review");
  const coarse: LinearModel = { ...honest, features: ["age", "ill"], weights: [-0.05, 0.1] };
  expect(said(judge(coarse, LINEAR, FACTS), "model-outputs")).toBe("passed");
});

test("one false alarm among a hundred rows outside is few enough, on either side of the losses", () => {
  const outside = Float64Array.from({ length: 100 }, (_, i) => (i === 0 ? 30 : 1));
  const inside = Float64Array.from({ length: 100 }, (_, i) => (i < 40 ? 30 : 1));
  expect(measureMembership(inside, outside)?.tprAt1.value).toBe(0.4);
  const negated = (losses: Float64Array): Float64Array => losses.map((loss) => -loss);
  expect(measureMembership(negated(inside), negated(outside))?.tprAt1.value).toBe(0.4);
});

test("AUC and rates are those of every pair and every threshold counted one by one", () => {
  const losses = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 100, maxLength: 140 });
  fc.assert(
    fc.property(losses, losses, (inside, outside) => {
      const found = measureMembership(Float64Array.from(inside), Float64Array.from(outside));
      let pairs = 0;
      for (const a of inside) for (const b of outside) pairs += a < b ? 1 : a === b ? 0.5 : 0;
      expect(found?.auc).toBeCloseTo(pairs / (inside.length * outside.length), 12);
      let [tpr, gap] = [0, 0];
      for (let limit = 0; limit <= 30; limit++) {
        const alarms = outside.filter((loss) => loss <= limit).length / outside.length;
        if (alarms <= 0.01) tpr = Math.max(tpr, inside.filter((loss) => loss <= limit).length / inside.length);
        const above = outside.filter((loss) => loss >= limit).length / outside.length;
        if (above <= 0.01) tpr = Math.max(tpr, inside.filter((loss) => loss >= limit).length / inside.length);
        const share = (all: number[]): number => all.filter((loss) => loss <= limit).length / all.length;
        gap = Math.max(gap, Math.abs(share(inside) - share(outside)));
      }
      expect(found?.gap.distance).toBeCloseTo(gap, 12);
      expect(found?.tprAt1.value).toBeCloseTo(tpr, 12);
      expect(found?.roc.at(-1)).toEqual([1, 1]);
    }),
    { numRuns: 30 },
  );
});

test("p-values of rows that are alike are uniform, and the tail is that of the normal distribution", () => {
  // From tables of the normal distribution.
  for (const [z, tail] of [
    [0, 0.5],
    [1, 0.158655],
    [1.96, 0.024998],
    [2.5758, 0.005],
    [-1.6449, 0.95],
  ] as const) {
    expect(upperTail(z)).toBeCloseTo(tail, 4);
  }
  const random = numbers(9);
  const draw = (): Float64Array => Float64Array.from({ length: 150 }, () => Math.floor(40 * random()));
  const runs = 400;
  const small = Array.from({ length: runs }, () => measureMembership(draw(), draw())?.pValue ?? 1);
  const below = (limit: number): number => small.filter((p) => p < limit).length / runs;
  expect(Math.abs(below(0.5) - 0.5)).toBeLessThan(0.1);
  expect(below(0.05)).toBeGreaterThan(0.01);
  expect(below(0.05)).toBeLessThan(0.1);
  // From tables of Kolmogorov's distribution, for large samples.
  for (const [x, tail] of [
    [1.2238, 0.1],
    [1.3581, 0.05],
    [1.6276, 0.01],
  ] as const) {
    expect(kolmogorov(x / 1_000, 1_000_000)).toBeCloseTo(tail, 3);
  }
});

function column(table: ColumnBatch, name: string): NonNullable<ColumnBatch["columns"][string]> {
  const found = table.columns[name];
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
}

function first(table: ColumnBatch, rows: number): ColumnBatch["columns"] {
  return Object.fromEntries(
    Object.entries(table.columns).map(([name, own]) => [
      name,
      { ...own, values: own.values.slice(0, rows) } as typeof own,
    ]),
  );
}
