/** Matching, scoring and reports: the vectors of `packages/protocol/vectors/wire-v1.json`, with the rules of `docs/wire-psi.md`,
 *  `docs/wire-score.md` and `docs/wire-report.md` alone; and our own client and domain against these rules.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import { ScoreClient } from "@sluice/mpc/he/linear/client";
import { planScore, score } from "@sluice/mpc/he/linear/server";
import {
  isPsiFilter,
  decodeScoreReply,
  decodeScoreRequest,
  encodeScoreReply,
  encodeScoreRequest,
  fromHex,
  isSluiceError,
  MAX_FRAME_BYTES,
  countShift,
  MAX_PSI_FILTER_SLOTS,
  MAX_PSI_LIST_ITEMS,
  MAX_PSI_SET_ITEMS,
  Report,
  type PsiSnapshot,
  type SignedSnapshot,
  Table,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { ROOT } from "./source-files.ts";
import {
  addBase,
  checkForm,
  hashEntry,
  hashInput,
  hits,
  invert,
  multiply,
  isProven,
  outputOf,
  paddedSize,
  multiplyBase,
  psiContext,
  psiIdentity,
  psiKeys,
  readScalar,
  scalarOf,
  subtractKey,
  tagOf,
  uniformElement,
} from "./wire-form-rules.ts";
import { canonical, documentHash, isSignedBy, sha256 } from "./wire-rules.ts";
import {
  DATA_PRIME,
  decrypt,
  encodeColumn,
  encryptFresh,
  expandSeed,
  linearSum,
  polynomialOf,
  readPolynomial,
  SCORE_RING,
  transform,
  writePolynomial,
} from "./wire-score-rules.ts";
import { largestPrimes, power, reversed } from "./wire-ring-rules.ts";
import { documentedStructs, snapshotMembers, wirePages, type Fields } from "./wire-structs.ts";
import { WIRE_VECTORS_PATH } from "./wire-vectors-file.ts";
import type { makeWireVectors } from "./wire-vectors.ts";

type Vectors = Awaited<ReturnType<typeof makeWireVectors>>;

const vectors = JSON.parse(readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8")) as Vectors;
const { psi } = vectors;
const structs = documentedStructs();
const pages = wirePages().join("\n").replaceAll("\n", " ");
const bytesOf = (hex: string): Buffer => Buffer.from(hex, "hex");
const read = (struct: string, hex: string): Fields => {
  const fields = structs.decode(struct, bytesOf(hex));
  checkForm(struct, fields);
  return fields;
};
const itemsOf = (value: unknown): Buffer[] => (value as { bytes: string }[]).map(({ bytes }) => bytesOf(bytes));
const distinct = [...new Set(psi.list)];

test("snapshots of every form are signed, named by their hash, and have the documented members", () => {
  const forms: [string, SignedSnapshot, string][] = [
    ["Snapshot and hint", vectors.lookup.snapshot, vectors.lookup.snapshotHash],
    ["Snapshot of a set", psi.ids.snapshot, psi.ids.snapshotHash],
    ["Snapshot of a set", psi.cardinality.snapshot, psi.cardinality.snapshotHash],
    ["Snapshot of a scoring product", vectors.score.snapshot, vectors.score.snapshotHash],
    ["Snapshot of a scoring product", vectors.scoreHidden.snapshot, vectors.scoreHidden.snapshotHash],
    ["Snapshot and request", vectors.report.snapshot, vectors.report.snapshotHash],
    ["Snapshot of a data set", vectors.dataset.snapshot, vectors.dataset.snapshotHash],
  ];
  for (const [heading, signed, hash] of forms) {
    expect(isSignedBy(signed, vectors.keys["receipt"]?.id ?? "")).toBe(true);
    expect(documentHash(signed.body)).toBe(hash);
    expect(Object.keys(signed.body).toSorted(), heading).toEqual(snapshotMembers(heading));
    expect(pages).toContain(`"${signed.body.type}"`);
  }
});

test("lists and sets have padded sizes, within the documented limits", () => {
  for (const [items = 0, padded] of psi.padding) expect(paddedSize(items)).toBe(padded);
  const lists = Object.values(MAX_PSI_LIST_ITEMS);
  for (const number of [
    ...lists,
    ...lists.map(paddedSize),
    ...Object.values(MAX_PSI_SET_ITEMS),
    MAX_PSI_FILTER_SLOTS,
  ]) {
    expect(pages).toContain(number.toLocaleString("en"));
  }
});

/** Snapshot and query of psi-ids, and its key. */
function openIds() {
  const vector = psi.ids;
  const snapshot: Fields = vector.snapshot.body;
  const { secretKey, publicKey } = psiKeys(bytesOf(vector.seed), psiIdentity(snapshot));
  expect(secretKey.toString("hex")).toBe(vector.secretKey);
  return { ...openQuery("PsiQuery", 1, vector), publicKey, key: readScalar(secretKey) };
}

/** Snapshot and query of one variant. */
function openQuery(struct: string, kind: number, vector: Vectors["psi"]["ids"] | Vectors["psi"]["cardinality"]) {
  const snapshot: Fields = vector.snapshot.body;
  const query = read(struct, vector.query);
  expect(query).toMatchObject({ kind, snapshot: vector.snapshotHash, count: paddedSize(distinct.length) });
  const sent = itemsOf(query["elements"]);
  return { context: psiContext(snapshot), query, sent, drawn: vector.drawn.map(bytesOf) };
}

test("psi-ids: the filters, the query, the answer and the matches follow from lists, key and what the caller drew", () => {
  const vector = psi.ids;
  const { key, publicKey, sent, drawn } = openIds();
  const { parameters } = vector.snapshot.body;
  if (!isPsiFilter(parameters)) throw new Error("not of ids");
  expect(publicKey.toString("hex")).toBe(parameters.oprfPublicKey);
  expect(parameters).toMatchObject({ method: "filter", paddedItems: paddedSize(psi.set.length) });

  const { base, delta } = parameters;
  if (delta === undefined) throw new Error("no delta");
  const split = 7 + 4 * delta.added.slots;
  const filters = [
    [base, vector.psiFilter],
    [delta.added, vector.psiDelta.slice(0, 2 * split)],
    [delta.removed, vector.psiDelta.slice(2 * split)],
  ] as const;
  const hitsOf = filters.map(([table, hex]) => {
    expect(sha256(bytesOf(hex)).toString("hex")).toBe(table.hash);
    const slots = itemsOf(read("PsiFilter", hex)["slots"]);
    expect(slots).toHaveLength(table.slots);
    return (output: Buffer): boolean => hits(output, slots, table);
  });
  const isMember = (output: Buffer): boolean => {
    const [inBase, isAdded, isRemoved] = hitsOf.map((hit) => hit(output));
    return isAdded === true || (inBase === true && isRemoved !== true);
  };
  const evaluate = (entry: string): Buffer => outputOf(entry, multiply(hashInput(entry).toBytes(), key));
  for (const [i, entries] of [psi.set, psi.added, psi.removed].entries()) {
    for (const entry of entries) expect(hitsOf[i]?.(evaluate(entry))).toBe(true);
  }

  const scalars = distinct.map((_, i) => scalarOf(drawn[i] ?? Buffer.alloc(0)));
  const blinded = distinct.map((entry, i) => addBase(hashInput(entry), scalars[i] ?? 0n));
  expect(sent).toEqual([...blinded, ...drawn.slice(distinct.length).map(uniformElement)]);
  const answer = read("PsiIdsAnswer", vector.answer);
  const answered = itemsOf(answer["elements"]);
  expect(answered).toEqual(sent.map((element) => multiply(element, key)));
  const proof = bytesOf(vector.answer.slice(-128));
  expect(isProven(sent, answered, publicKey, proof)).toBe(true);
  expect(isProven(sent, answered.toReversed(), publicKey, proof)).toBe(false);
  const found = distinct.filter((entry, i) => {
    const element = subtractKey(answered[i] ?? Buffer.alloc(0), scalars[i] ?? 0n, publicKey);
    return isMember(outputOf(entry, element));
  });
  expect(found).toEqual(vector.found);
  const members = new Set([...psi.set, ...psi.added].filter((entry) => !psi.removed.includes(entry)));
  expect(members.has(psi.falseHit)).toBe(false);
  expect(found).toEqual(distinct.filter((entry) => members.has(entry) || entry === psi.falseHit));
});

test("psi-cardinality: query, answer and count follow from lists and what both sides drew", () => {
  const vector = psi.cardinality;
  const { parameters } = vector.snapshot.body;
  const { context, sent, drawn, query } = openQuery("PsiCardinalityQuery", 2, vector);
  const scalar = scalarOf(drawn[0] ?? Buffer.alloc(0));
  const [base] = itemsOf([query["base"]]);
  expect(base).toEqual(multiplyBase(scalar));
  const blinded = distinct.map((entry) => multiply(hashEntry(entry, context).toBytes(), scalar));
  expect(sent).toEqual([...blinded, ...drawn.slice(1).map(uniformElement)]);

  const kept = bytesOf(vector.elementsOfSet);
  expect(parameters).toMatchObject({ set: sha256(kept).toString("hex") });
  const set = Array.from({ length: kept.length / 32 }, (_, i) => kept.subarray(i * 32, (i + 1) * 32));
  const keptHex = set.map((element) => element.toString("hex"));
  for (const entry of psi.set) {
    expect(keptHex).toContain(Buffer.from(hashEntry(entry, context).toBytes()).toString("hex"));
  }
  const [call = 0n, ...others] = vector.drawnByDomain.map((wide) => scalarOf(bytesOf(wide)));
  if (parameters.kind !== "psi-cardinality") throw new Error("not a count");
  const { noise } = parameters;
  const pairs = Array.from(
    { length: 2 * noise.shift },
    (_, i) => [others[2 * i] ?? 0n, others[2 * i + 1] ?? 0n] as const,
  );
  expect(others).toHaveLength(2 * pairs.length);
  const answer = read("PsiCardinalityAnswer", vector.answer);
  const returned = itemsOf(answer["elements"]);
  const dummies = pairs.map(([own]) => multiply(multiplyBase(scalar), own));
  expect(returned).toEqual(sorted([...sent.map((element) => multiply(element, call)), ...dummies]));
  const tags = itemsOf(answer["tags"]);
  const tagged = [
    ...set.map((element) => multiply(element, call)),
    ...pairs.map(([own, other], i) => multiplyBase(i < vector.dummyMatches ? own : other)),
  ];
  expect(tags).toEqual(sorted(tagged.map((element) => bytesOf(tagOf(element, context)))));
  expect(tags).toHaveLength(parameters.paddedItems + 2 * noise.shift);
  const tagsHex = new Set(tags.map((tag) => tag.toString("hex")));
  const matches = returned.filter((element) => tagsHex.has(tagOf(multiply(element, invert(scalar)), context))).length;
  expect(matches).toBe(3 + vector.dummyMatches);
  expect(vector.counted.count).toBe(Math.min(Math.max(matches - noise.shift, 0), distinct.length));
  expect(vector.counted).toMatchObject({ maxError: noise.shift, epsilon: noise.epsilon });
});

test("the shift of a count is the least one by which cutting off its noise costs no more than the δ of the page", () => {
  for (const epsilon of ["0.05", "0.5", "2"]) {
    const q = Math.exp(-Number(epsilon));
    const weight = (shift: number): number => {
      let sum = 0;
      for (let at = -shift; at <= shift; at++) sum += q ** Math.abs(at);
      return q ** shift / sum;
    };
    const shift = countShift(epsilon);
    expect(weight(shift)).toBeLessThanOrEqual(1e-9);
    expect(weight(shift - 1)).toBeGreaterThan(1e-9);
  }
});

test("an answer of psi-ids with an element that is none, with more of them, or under another key is refused by our client by its code", async () => {
  const { snapshot, snapshotHash, psiFilter, psiDelta, refusedAnswers } = psi.ids;
  const body: PsiSnapshot = snapshot.body;
  for (const { name, code, hex } of refusedAnswers) {
    const receiver = await PsiIdsReceiver.open({
      snapshot: body,
      snapshotHash,
      set: fromHex(psiFilter),
      delta: fromHex(psiDelta),
    });
    const query = await receiver.start(psi.list);
    const error: unknown = await query.finish(fromHex(hex)).catch((reason: unknown) => reason);
    expect(isSluiceError(error) ? error.code : error, name).toBe(code);
    const elements = itemsOf(read("PsiIdsAnswer", hex)["elements"]);
    const wrong = elements.length !== paddedSize(distinct.length) || elements.some((element) => !isElement(element));
    expect(wrong, name).toBe(code !== "ERR_OPRF_PROOF");
  }
});

test("the primes and the root of the page are what it says they are", () => {
  expect(largestPrimes(56, 4_096, 1)).toEqual([DATA_PRIME]);
  const { root } = SCORE_RING;
  for (const number of [DATA_PRIME, ...largestPrimes(53, 4_096, 1), root]) expect(pages).toContain(` ${number}`);
  expect(pages).toContain(`= ${2n ** 64n - 1n - ((2n ** 64n - 1n) % DATA_PRIME) - 1n}`);
  expect(power(root, 4_096n, DATA_PRIME)).toBe(DATA_PRIME - 1n);
  expect(pages).toContain((38 + 256 * (64 + 28_672)).toLocaleString("en"));
  expect(38 + 256 * (64 + 28_672)).toBeLessThan(MAX_FRAME_BYTES);
});

test("NTT form has the polynomial's values in the documented order, and turns back", () => {
  const polynomial = polynomialOf(Array.from({ length: 4_096 }, (_, i) => ((i * 2_654_435_761) % 1_000) - 500));
  const values = transform(polynomial);
  for (const i of [0, 1, 2, 2_047, 4_095]) {
    const at = power(SCORE_RING.root, BigInt(2 * reversed(i, 4_096) + 1), DATA_PRIME);
    const value = polynomial.reduceRight((sum, coefficient) => (sum * at + coefficient) % DATA_PRIME, 0n);
    expect(values[i]).toBe(value);
  }
  expect(SCORE_RING.transformBack(values)).toEqual(polynomial);
});

test("a scoring request follows from columns, secret, errors and seeds, and its reply decrypts to the scores", () => {
  const { snapshot, parametersHash, model, secret: signs, columns, request, reply, expansion } = vectors.score;
  const { parameters } = snapshot.body;
  expect(documentHash(parameters)).toBe(parametersHash);
  expect(documentHash(model)).toBe(snapshot.body.model);
  expect(Buffer.from(writePolynomial(expandSeed(bytesOf(expansion.seed)))).toString("hex")).toContain(expansion.start);
  const secret = transform(polynomialOf(signs.split("").map((sign) => ({ "-": -1, "0": 0, "+": 1 })[sign] ?? 0)));
  const sent = read("ScoreRequest", request);
  expect(sent).toMatchObject({ parameters: parametersHash, rows: 4, features: 2 });
  const size = 2 * (64 + 7 * 4);
  const ciphertexts = columns.map((_, feature) => {
    const text = String(sent["columns"]).slice(feature * size, (feature + 1) * size);
    return { seed: text.slice(0, 128), c0: text.slice(128) };
  });
  for (const [feature, { values, seed, errors, coefficients: expected }] of columns.entries()) {
    const coefficients = encodeColumn(values, 2 ** parameters.featureScaleBits);
    expect(coefficients).toEqual(expected);
    const column = { coefficients, errors: errors.split(" ").map(Number), secret, seed: bytesOf(seed) };
    const c0 = Buffer.from(writePolynomial(encryptFresh(column))).toString("hex");
    expect(ciphertexts[feature]).toEqual({ seed, c0 });
  }
  const answered = read("ScoreReply", reply);
  const scale = 2 ** (parameters.featureScaleBits + parameters.weightScaleBits);
  const { weights, constant } = wholeModel(model, parameters);
  const seeds = ciphertexts.map(({ seed }) => expandSeed(bytesOf(seed)));
  const first = ciphertexts.map(({ c0 }) => readPolynomial(bytesOf(c0)));
  const [c0, c1] = [readPolynomial(bytesOf(String(answered["c0"]))), readPolynomial(bytesOf(String(answered["c1"])))];
  expect(c0).toEqual(linearSum(first, weights, constant));
  expect(c1).toEqual(linearSum(seeds, weights, 0n));
  const scores = decrypt(c0, c1, secret).map((whole) => whole / scale);
  expect(scores).toHaveLength(4);
  for (const [row, value] of scores.entries()) {
    const plain = columns.reduce((sum, column, i) => sum + (column.values[row] ?? 0) * (model.weights[i] ?? 0), 0.75);
    expect(Math.abs(value - plain)).toBeLessThanOrEqual(parameters.errorBound);
  }
  expect(() => readPolynomial(Buffer.alloc(28_672, 0xff))).toThrow("below the prime");
});

test("our client, which is SEAL's, takes the answer of a domain made by the rules", async () => {
  const model = { kind: "linear-model" as const, features: ["a", "b"], weights: [0.5, -1.25], intercept: 0.75 };
  const parameters = planScore(model, 16);
  const rows = 2_050;
  const a = Float64Array.from({ length: rows }, (_, i) => Math.sin(i));
  const b = Float64Array.from({ length: rows }, (_, i) => 16 * Math.cos(i));
  const query = (await ScoreClient.open(parameters)).encrypt({ a, b });
  const { columns } = decodeScoreRequest(query.frame);
  const { weights, constant } = wholeModel(model, parameters);
  const c0 = linearSum(
    columns.map((column) => readPolynomial(column.c0)),
    weights,
    constant,
  );
  const c1 = linearSum(
    columns.map((column) => expandSeed(column.seed)),
    weights,
    0n,
  );
  const scores = query.finish(encodeScoreReply({ rows, c0: writePolynomial(c0), c1: writePolynomial(c1) }));
  const errors = Array.from(scores, (value, i) => Math.abs(value - (0.5 * (a[i] ?? 0) - 1.25 * (b[i] ?? 0) + 0.75)));
  expect(Math.max(...errors)).toBeLessThanOrEqual(parameters.errorBound);
});

test("our domain refuses a value that is not below the prime", async () => {
  const { snapshot, model, request } = vectors.score;
  const { parameters } = snapshot.body;
  const decoded = decodeScoreRequest(fromHex(request));
  const [column] = decoded.columns;
  column?.c0.fill(0xff, 0, 7);
  const frame = encodeScoreRequest(decoded);
  await expect(score({ model, parameters }, frame)).rejects.toMatchObject({ code: "ERR_SCORE_CIPHERTEXT" });
  expect(decodeScoreReply(await score({ model, parameters }, fromHex(request))).rows).toBe(4);
});

test("a data set's term spends rows × fields × days, and its pages are the bytes that its snapshot names", () => {
  const { snapshot, snapshotHash, termRequest, termAnswer, quantity, pages: shown } = vectors.dataset;
  const { body } = snapshot;
  expect(read("DatasetRequest", termRequest)).toEqual({ version: 1, snapshot: snapshotHash, ask: 1, page: 0 });
  expect(quantity).toBe(String(body.rows * body.fields.length * body.days));
  const term = JSON.parse(bytesOf(termAnswer).toString()) as Record<string, string>;
  expect(canonical(term)).toBe(bytesOf(termAnswer).toString());
  expect(Date.parse(term["until"] ?? "") - Date.parse(term["from"] ?? "")).toBe(body.days * 24 * 3_600_000);
  for (const member of ["domain", "product", "version"] as const) expect(term[member]).toBe(body[member]);
  expect(shown).toHaveLength(Math.ceil(body.rows / body.pageRows));
  const rows = shown.map(({ request, answer }, page) => {
    expect(read("DatasetRequest", request)).toEqual({ version: 1, snapshot: snapshotHash, ask: 2, page });
    expect(sha256(bytesOf(answer)).toString("hex")).toBe(body.pages[page]);
    const { columns, ...rest } = JSON.parse(bytesOf(answer).toString()) as { columns: unknown[][] };
    expect(rest).toEqual({ type: "dataset-page", page });
    expect(columns).toHaveLength(body.fields.length);
    return new Set(columns.map(({ length }) => length));
  });
  expect(rows).toEqual([new Set([2]), new Set([1])]);
});

test("a report is the bytes that its snapshot names, and its table keeps the rules that a reader can check", () => {
  const { snapshot, snapshotHash, request, answer } = vectors.report;
  expect(read("ReportRequest", request)).toEqual({ version: 1, snapshot: snapshotHash });
  const bytes = bytesOf(answer);
  expect(sha256(bytes).toString("hex")).toBe(snapshot.body.report);
  const report = Report.parse(JSON.parse(bytes.toString()));
  expect(canonical(report)).toBe(bytes.toString());
  for (const member of ["domain", "product", "version"] as const) expect(report[member]).toBe(snapshot.body[member]);
  const { cells, dimensions, totals, total, base, minimum, measures } = Table.parse(report.table);
  expect([base, minimum]).toEqual([5, 10]);
  const places = cells.map(({ at }) => at.reduce((sum, level) => sum * 64 + level, 0));
  expect(places).toEqual([...new Set(places)].toSorted((x, y) => x - y));
  expect(cells.length).toBeLessThan(dimensions.reduce((count, { levels }) => count * levels.length, 1));
  expect(total).toBe(cells.reduce((sum, { rows }) => sum + rows, 0));
  expect(totals).toEqual(
    dimensions.map(({ levels }, d) =>
      levels.map((_, level) => cells.reduce((sum, { at, rows }) => sum + (at[d] === level ? rows : 0), 0)),
    ),
  );
  for (const { rows, means } of cells) {
    expect(rows % base).toBe(0);
    for (const [name, mean] of Object.entries(means)) {
      expect(measures).toContain(name);
      expect(Number(mean.toPrecision(3))).toBe(mean);
    }
  }
});

/** Whole weights and intercept, as the domain multiplies by them. */
function wholeModel(
  model: { weights: readonly number[]; intercept: number },
  { featureScaleBits, weightScaleBits }: { featureScaleBits: number; weightScaleBits: number },
) {
  return {
    weights: model.weights.map((weight) => BigInt(Math.round(weight * 2 ** weightScaleBits))),
    constant: BigInt(Math.round(model.intercept * 2 ** (featureScaleBits + weightScaleBits))),
  };
}

function sorted(items: readonly Buffer[]): Buffer[] {
  return items.toSorted((a, b) => Buffer.compare(a, b));
}

function isElement(bytes: Buffer): boolean {
  try {
    multiply(bytes, 1n);
    return true;
  } catch {
    return false;
  }
}
