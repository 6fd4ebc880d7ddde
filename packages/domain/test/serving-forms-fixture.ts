/** Jobs of every form over the fixture's table, and what a caller does with the products they make.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  decodeAnswer,
  documentHash,
  sha256Hex,
  utf8,
  type Bytes,
  type CountPrivacy,
  type DeclaredKeys,
  type EvidencedReceipt,
  type JoinSumSpec,
  type Grant,
  type Operation,
  type ProductSnapshot,
  type PsiKind,
  type PsiSides,
} from "@sluice/protocol";
import { deliverGrant, sealedCall, send, serveProduct, snapshotOf, type Fixture } from "./serving-fixture.ts";

/** Text of a job that releases `fit`, and with it what `released` declares and returns. */
const job = (served: string, produce: string, released = { spec: "", value: "" }): Bytes =>
  utf8(`var sluiceJob = { default: {
  name: "forms", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, ${released.spec} ${served} },
  develop(rows) { return { fit: { rows: rows.rowCount }, ${released.value} }; },
  ${produce}
} };`);

/** A set of the persons that have a row of age 60 or above. */
export const setJob = (match: PsiKind, privacy?: CountPrivacy, sides?: PsiSides, keys?: DeclaredKeys): Bytes =>
  job(
    `members: ${JSON.stringify({ kind: "set", match, privacy, sides, keys })}`,
    `produce(rows) { return { members: Uint8Array.from(rows.age.values, (age) => age >= 60 ? 1 : 0) }; }`,
  );

/** Ages of persons, to be summed. */
export const sumJob = (spec: Partial<JoinSumSpec> = {}): Bytes =>
  job(`ages: ${JSON.stringify({ kind: "sum", field: "age", digits: 0, limit: 120, minimum: 10, ...spec })}`, "");

/** The model that is released and served: what the job returns, rounded by the guard. */
export const MODEL = { features: ["age"], weights: [0.25], intercept: -10 };

/** What the job returns, with more digits. */
export const RETURNED = { ...MODEL, weights: [0.249_96], intercept: -10.000_4 };

/** Scores of the model. */
export const SCORE_JOB = job(`points: { kind: "score", featureBound: 128, link: "logistic" }`, "", {
  spec: `model: { kind: "linear-model", maxParameters: 4 },`,
  value: `model: ${JSON.stringify(RETURNED)}`,
});

/** Groups of the report; ages of 50 and above are in no group where the region is R1. */
export const GROUPS = [
  { name: "region", levels: ["R0", "R1", "R2"] },
  { name: "age", levels: ["20-39", "40-59", "60-69"] },
];

/** Rows by region and age, with the mean age of each cell. */
export const TABLE_JOB = job(
  `groups: { kind: "table", dimensions: ${JSON.stringify(GROUPS)}, measures: ["age"] }`,
  `produce(rows) {
    const region = new Uint8Array(rows.rowCount), group = new Uint8Array(rows.rowCount);
    for (let i = 0; i < rows.rowCount; i++) {
      region[i] = Number(rows.region.dictionary[rows.region.values[i]].slice(1));
      const age = rows.age.values[i];
      group[i] = region[i] === 1 && age >= 50 ? 255 : age < 40 ? 0 : age < 60 ? 1 : 2;
    }
    return { groups: { dimensions: { region, age: group }, measures: { age: rows.age.values } } };
  }`,
);

/** Operations of callers, beside the runs. */
export const OPERATIONS = [
  "develop",
  "build",
  "lookup.evaluate",
  "lookup.query",
  "psi.ids",
  "psi.cardinality",
  "psi.sum",
  "score",
  "report",
  "dataset",
] as const satisfies Operation[];

/** A grant of every operation, 100,000 units of each but the named ones. */
export async function deliverFormsGrant(
  fixture: Fixture,
  quotas: Partial<Record<Operation, string>> = {},
  change: Partial<Grant> = {},
): Promise<string> {
  return deliverGrant(fixture, {
    operations: [...OPERATIONS],
    quotas: OPERATIONS.map((operation) => ({ operation, amount: quotas[operation] ?? "100000" })),
    ...change,
  });
}

/** A product that answers. */
export interface AnsweringProduct {
  readonly product: string;
  readonly grant: string;
  readonly code: Bytes;
  readonly snapshot: ProductSnapshot;
  readonly snapshotHash: string;
}

/** Develops, releases and builds `code` as `product`. @throws Error when one of the runs failed */
export async function serveForm(
  fixture: Fixture,
  grant: string,
  product: string,
  code: Bytes,
): Promise<AnsweringProduct> {
  const { built } = await serveProduct(fixture, grant, 1, { code, product });
  if (built.state !== "completed") throw new Error(`the build failed: ${JSON.stringify(built.failure)}`);
  const { body } = await snapshotOf(fixture, product);
  return { product, grant, code, snapshot: body, snapshotHash: await documentHash(body) };
}

/** An answer with its receipt. */
export interface Answered {
  readonly content: Bytes;
  /** As it was sealed. */
  readonly frame: Bytes;
  readonly receipt: EvidencedReceipt;
  /** Sends the same call again, signed anew. */
  again(): Promise<Answered>;
}

/** Asks a product. @throws the domain's refusal */
export async function ask(
  fixture: Fixture,
  { product, grant, code }: Pick<AnsweringProduct, "product" | "grant" | "code">,
  operation: Operation,
  content: Bytes,
): Promise<Answered> {
  const call = await sealedCall(fixture, content, {
    operation,
    grant,
    product,
    bundle: await sha256Hex(code),
    key: fixture.parties.caller,
  });
  const read = async (envelope: typeof call.envelope): Promise<Answered> => {
    const { receipt, frame } = decodeAnswer(await send(fixture, "/v1/calls", envelope));
    return { content: await call.open(frame), frame, receipt, again: async () => read(await call.again()) };
  };
  return read(call.envelope);
}

/** Units of an operation that a grant has spent, by the domain's own books. */
export function spentUnits(fixture: Fixture, grant: string, operation: Operation): number {
  const books = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
  try {
    const row = books.prepare("SELECT used FROM quota WHERE grant_hash = ? AND operation = ?").get(grant, operation);
    return Number(row?.["used"] ?? 0);
  } finally {
    books.close();
  }
}
