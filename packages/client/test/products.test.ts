/** Products of every form, asked of a stub that answers truly, and that lies.
 *  @module */
import { inspect } from "node:util";
import { generateKey } from "@sluice/evidence";
import { verifyReceipt } from "@sluice/evidence/verify";
import {
  ProductForm,
  canonicalBytes,
  concatBytes,
  domainTimeoutMs,
  Operation,
  MAX_SCORE_ROWS,
  SluiceError,
  toHex,
  utf8,
  type AnswerEnvelope,
  type EvidencedReceipt,
  type LinearModel,
  type Table,
  type JoinKey,
} from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, HeldSelection, type ClientOptions, type ListProgress, type SluiceClient } from "../src/index.ts";
import { answerTimeoutMs } from "../src/production-call.ts";
import { refused } from "./refused.ts";
import { flipBit, flipHash, sendProblem, StubCity } from "./stub-city.ts";
import {
  datasetProduct,
  selectionProduct,
  reportProduct,
  scoreProduct,
  setProduct,
  type MakeProduct,
} from "./stub-products.ts";

const ENTRIES = Array.from({ length: 20 }, (_, i) => `person-${i}`);
const LIST = ["nobody", "person-3", "somebody", "person-1", "person-3"];
const MODEL: LinearModel = { kind: "linear-model", features: ["age", "months"], weights: [0.5, -0.25], intercept: 1 };
const COLUMNS = { age: Float64Array.of(1, -2, 0), months: Float64Array.of(0.5, 4, 0) };
const TABLE: Table = {
  kind: "table",
  dimensions: [{ name: "region", levels: ["north", "south"] }],
  measures: ["income"],
  cells: [{ at: [1], rows: 25, means: { income: 31.4 } }],
  totals: [[0, 25]],
  total: 25,
  minimum: 10,
  base: 5,
};

const PEOPLE = {
  fields: [
    { name: "region", type: "dict" as const },
    { name: "age", type: "i32" as const },
  ],
  columns: [
    ["north", null, "south"],
    [30, 40, null],
  ],
  days: 30,
};

/** A domain that signs for what `make` makes, and answers something else. */
function answering(make: MakeProduct, answer: string): MakeProduct {
  return async (served) => ({ ...(await make(served)), answer: () => Promise.resolve(utf8(answer)) });
}

/** Forms that answer in one message. */
type OneMessage = Exclude<ProductForm, "join-sum">;
const ONE_MESSAGE = ProductForm.options.filter((form): form is OneMessage => form !== "join-sum");

/** A product of each, how it is opened and asked once, and what its receipt states. */
const FORMS: Record<
  OneMessage,
  {
    product: string;
    unit: string;
    amount: string;
    open: (client: SluiceClient, product: string) => Promise<{ snapshotHash: string; ask: () => Promise<Asked> }>;
  }
> = {
  "label-lookup": {
    product: "credit-label",
    unit: "oprf-element",
    amount: "1",
    open: async (client, product) => {
      const handle = await client.openLookup(product);
      return { ...handle, ask: async () => receiptOf((await handle.lookup("person-1")).receipts[0]) };
    },
  },
  "psi-ids": {
    product: "list",
    unit: "psi-element",
    amount: "16",
    open: async (client, product) => {
      const handle = await client.openMatch(product);
      return { ...handle, ask: () => handle.match(LIST) };
    },
  },
  "psi-cardinality": {
    product: "tally",
    unit: "psi-element",
    amount: "16",
    open: async (client, product) => {
      const handle = await client.openCount(product);
      return { ...handle, ask: () => handle.count(LIST) };
    },
  },
  score: {
    product: "risk",
    unit: "score-row",
    amount: "3",
    open: async (client, product) => {
      const handle = await client.openScore(product);
      return { ...handle, ask: () => handle.score(COLUMNS) };
    },
  },
  report: {
    product: "regions",
    unit: "report",
    amount: "1",
    open: async (client, product) => {
      const handle = await client.openReport(product);
      return { ...handle, ask: () => handle.read() };
    },
  },
  dataset: {
    product: "people",
    unit: "row-field-day",
    amount: "0",
    open: async (client, product) => {
      const handle = await client.openDataset(product);
      await handle.begin().catch(() => undefined);
      city.calls.length = 0;
      return { ...handle, ask: () => handle.read(0) };
    },
  },
  "hidden-selection": {
    product: "sums",
    unit: "selection-sum",
    amount: "1",
    open: async (client, product) => {
      const handle = await client.openSelection(product);
      const selection = await handle.select(["a", "b"]);
      await handle.register(selection);
      city.calls.length = 0;
      city.requests.length = 0;
      return { ...handle, ask: () => handle.ask(selection, ["rows"]) };
    },
  },
};

interface Asked {
  readonly receipt: EvidencedReceipt;
}

function receiptOf(receipt: EvidencedReceipt | undefined): Asked {
  if (receipt === undefined) throw new Error("there is no receipt");
  return { receipt };
}

/** Keys of sets of persons, and a person by each. */
const PAIR: JoinKey = [
  { field: "name", type: "name" },
  { field: "id", type: "resident-id" },
];
const PHONE: JoinKey = [{ field: "phone", type: "mobile" }];
const KEYS = [PAIR, PHONE];
const JOINED = [
  '[["name","name","nobody"],["id","resident-id","440524188001010014"]]',
  '[["name","name","zhang san"],["id","resident-id","11010519491231002X"]]',
  '[["phone","mobile","13800138000"]]',
];

let city: StubCity;
let client: SluiceClient;

beforeAll(async () => {
  const report = reportProduct(TABLE);
  city = await StubCity.start(
    { "person-1": 1 },
    {
      list: setProduct("psi-ids", ENTRIES),
      "other-list": setProduct("psi-ids", ENTRIES.slice(4)),
      "lying-list": answering(setProduct("psi-ids", ENTRIES), "no answer"),
      tally: setProduct("psi-cardinality", ENTRIES),
      persons: setProduct("psi-ids", JOINED, KEYS),
      phones: setProduct("psi-ids", JOINED.slice(2), [PHONE]),
      pairs: setProduct("psi-cardinality", JOINED.slice(1, 2), [PAIR]),
      "lying-tally": answering(setProduct("psi-cardinality", ENTRIES), "no answer"),
      risk: scoreProduct(MODEL, 8, "logistic"),
      "lying-risk": answering(scoreProduct(MODEL, 8, "identity"), "no answer"),
      regions: report,
      "lying-regions": answering(report, '{"type":"report"}'),
      "loose-regions": reportProduct(TABLE, (body) => utf8(JSON.stringify(body, null, 1))),
      "bare-regions": reportProduct(TABLE, () => utf8('{"type":"report"}')),
      "textual-regions": reportProduct(TABLE, () => utf8("a table")),
      "foreign-regions": reportProduct(TABLE, (body) => canonicalBytes({ ...body, product: "regions" })),
      "later-regions": reportProduct(TABLE, (body) => canonicalBytes({ ...body, version: 2 })),
      sums: selectionProduct([10, 20, 30, 40]),
      "lying-sums": answering(selectionProduct([10, 20, 30, 40]), "no answer"),
      people: datasetProduct(PEOPLE),
      "fresh-people": datasetProduct(PEOPLE),
      "lost-people": datasetProduct(PEOPLE),
      "lying-people": answering(datasetProduct(PEOPLE), "no answer"),
      "mixed-people": datasetProduct(PEOPLE, (page) => canonicalBytes({ ...page, page: 1 })),
      "typeless-people": datasetProduct({
        ...PEOPLE,
        columns: [
          ["a", "b", "c"],
          ["x", "y", "z"],
        ],
      }),
      "short-people": datasetProduct(PEOPLE, (page) => canonicalBytes({ ...page, columns: [["north"], [1]] })),
    },
  );
  client = clientOf({});
});
beforeEach(() => {
  city.hooks = {};
  city.calls.length = 0;
  city.requests.length = 0;
});
afterAll(() => city.close());

function clientOf(options: Partial<ClientOptions>): SluiceClient {
  return createClient({ gatewayUrl: city.url, key: city.caller, trust: city.trust, backoffMs: 1, ...options });
}

test("matching yields the entries that are in the set, once each and in the order of the list", async () => {
  const { found, receipt } = await (await client.openMatch("list")).match(LIST);
  expect(found).toEqual(["person-3", "person-1"]);
  await verifyReceipt(receipt, city.trust);
});

test("counting yields how many distinct entries are in the set", async () => {
  const handle = await client.openCount("tally");
  const { receipt, ...counted } = await handle.count(LIST);
  expect(counted).toEqual({ count: 2, maxError: 1, likelyError: 1, epsilon: "2", skipped: [] });
  await verifyReceipt(receipt, city.trust);
  expect((await handle.count([])).count).toBe(0);
});

test("rows are joined by any of a set's keys in canonical form, duplicates asked once and told for every row", async () => {
  const handle = await client.openMatch("persons");
  const rows = [
    { name: "ＺＨＡＮＧ　san", id: "11010519491231002x", phone: "+86 138-0013-8000" },
    { name: "zhang san", id: "11010519491231002X" },
    { name: "li si", id: "11010519491231002X", phone: "13900139000" },
    { name: null, id: "11010519491231002X", phone: "" },
    { phone: "１３８００１３８０００" },
    {},
  ];
  const { matches, asked, skipped, receipt } = await handle.join(rows);
  expect([...matches]).toEqual([3, 1, 0, 0, 2, 0]);
  expect([asked, skipped]).toEqual([4, []]);
  expect(receipt.receipt.body.quantity.amount).toBe("16");
  const phones = rows.map(({ phone }) => ({ tel: phone }));
  expect([...(await handle.join(phones, { on: [null, ["tel"]] })).matches]).toEqual([2, 0, 0, 0, 2, 0]);
  await refused(handle.match(["13800138000"]), "ERR_JOIN_COLUMNS");
});

test("a list is matched in canonical form, and found as it was given", async () => {
  const handle = await client.openMatch("phones");
  const list = ["139 0013 9000", "+8613800138000", "13800138000", "+8613800138000"];
  const { found, skipped } = await handle.match(list);
  expect([found, skipped]).toEqual([["+8613800138000", "13800138000"], []]);
  const calls = city.calls.length;
  const wrong = [...list, "110", "1380013800O"];
  expect((await refused(handle.match(wrong), "ERR_JOIN_KEY")).details).toMatchObject({ where: "entry 4", count: 2 });
  expect((await handle.check(wrong)).map(({ index, fault }) => [index, fault])).toEqual([
    [4, "length"],
    [5, "characters"],
  ]);
  // Nothing was sent.
  expect(city.calls).toHaveLength(calls);
  const rest = await handle.match(wrong, { invalid: "skip" });
  expect([rest.found, rest.skipped.map(({ index }) => index)]).toEqual([found, [4, 5]]);
});

test("distinct keys of several parts are counted", async () => {
  const handle = await client.openCount("pairs");
  const row = { name: "Zhang San", id: "11010519491231002X" };
  const rows = [row, { ...row, name: "ZHANG  SAN" }, { ...row, name: "Li Si" }, { ...row, id: null }];
  expect(await handle.countRows(rows)).toMatchObject({ count: 1, skipped: [] });
  const calls = city.calls.length;
  await refused(handle.count(["Zhang San"]), "ERR_JOIN_COLUMNS");
  await refused(handle.countRows([{ ...row, id: "1" }]), "ERR_JOIN_KEY");
  expect(await handle.checkRows([{ ...row, id: "1" }])).toHaveLength(1);
  expect(city.calls).toHaveLength(calls);
});

test("scores are those of the plain model within the published bound, and responses have the link applied", async () => {
  const handle = await client.openScore("risk");
  const { scores, responses } = await handle.score(COLUMNS);
  const { errorBound } = handle.snapshot.parameters;
  const plain = [1.375, -1, 1];
  expect(scores).toHaveLength(3);
  for (const [row, score] of scores.entries()) {
    expect(Math.abs(score - (plain[row] ?? NaN))).toBeLessThanOrEqual(errorBound);
    expect(responses[row]).toBeCloseTo(1 / (1 + Math.exp(-score)), 12);
  }
});

test("a hidden selection gets the sums over its groups, is taken up again by what was kept, and prints as nothing secret", async () => {
  const handle = await client.openSelection("sums");
  await refused(handle.select(["a"]), "ERR_SELECTION_TOTAL");
  await refused(handle.select(["a", "z"]), "ERR_SELECTION_PARAMETERS");
  const selection = await handle.select(["b", "d"]);
  // Whether it was registered is known where it would be, not here.
  await expect(handle.ask(selection, ["rows"])).rejects.toMatchObject({ code: "ERR_SELECTION_REFUSED" });
  const { used, receipt } = await handle.register(selection);
  expect(used).toBe(1);
  await verifyReceipt(receipt, city.trust);
  const kept = selection.keep();
  const asked = await handle.ask(selection, ["rows"]);
  await verifyReceipt(asked.receipt, city.trust);
  selection.close();
  await refused(selection.open(asked), "ERR_STATE");
  const secret = toHex(kept.secret);
  const again = await HeldSelection.resume(kept);
  expect(await again.open(asked)).toEqual([{ measure: "rows", value: 60, likelyError: 6, epsilon: 0.5 }]);
  for (const text of [String(again), JSON.stringify(again), inspect(again, { depth: 9 })]) {
    expect(text).not.toContain(secret);
    expect(text).toContain(again.commitment);
  }
  const other = await handle.resume({ ...kept, secret: kept.secret });
  await refused(other.open({ ...asked, request: other.request("2026-02", ["rows"]) }), "ERR_SELECTION_REFUSED");
  await refused(handle.resume({ ...kept, secret: new Uint8Array(32) }), "ERR_SELECTION_REFUSED");
  const lying = await client.openSelection("lying-sums");
  await refused(lying.register(await lying.select(["a", "b"])), "ERR_FRAME_MALFORMED");
});

test("a report is read as it was made", async () => {
  const { report } = await (await client.openReport("regions")).read();
  expect(report).toMatchObject({ domain: "hrss", product: "regions", version: 1, table: TABLE });
});

test("a data set's term spends rows × fields × days once, and its pages are read as they were made, for nothing", async () => {
  const handle = await client.openDataset("fresh-people");
  await expect(handle.read(0)).rejects.toMatchObject({ code: "ERR_DATASET_UNBEGUN" });
  const { term, receipt } = await handle.begin();
  expect(receipt.receipt.body.quantity).toEqual({ unit: "row-field-day", amount: "180" });
  expect(term).toMatchObject({ product: "fresh-people", until: "2026-01-31T00:00:00.000Z" });
  const { until } = term;
  await expect(handle.begin()).rejects.toMatchObject({ code: "ERR_DATASET_BEGUN", details: { until } });
  const pages = [await handle.read(0), await handle.read(1)];
  expect(pages.map(({ page }) => page.columns)).toEqual([
    [
      ["north", null],
      [30, 40],
    ],
    [["south"], [null]],
  ]);
  for (const page of pages) {
    expect(page.receipt.receipt.body.quantity.amount).toBe("0");
    await verifyReceipt(page.receipt, city.trust);
  }
});

test("a page whose answer was lost is asked for in another call", async () => {
  const handle = await client.openDataset("lost-people");
  await handle.begin();
  const calls: string[] = [];
  city.hooks.call = (envelope, response) => {
    calls.push(envelope.request.body.callId);
    if (calls.length > 1) return Promise.resolve(false);
    sendProblem(response, new SluiceError("ERR_CALL_REUSED"));
    return Promise.resolve(true);
  };
  expect((await handle.read(0)).page.page).toBe(0);
  expect(new Set(calls).size).toBe(2);
});

test("a page that is not what the snapshot says is refused, and so is a receipt of another certificate", async () => {
  for (const product of ["mixed-people", "typeless-people", "short-people"]) {
    const handle = await client.openDataset(product);
    await handle.begin();
    await refused(handle.read(0), "ERR_BODY_INVALID");
  }
  await refused((await client.openDataset("lying-people")).read(0), "ERR_RECEIPT");
  await refused((await client.openDataset("lying-people")).begin(), "ERR_BODY_INVALID");
  const handle = await client.openDataset("people");
  await handle.begin().catch(() => undefined);
  city.hooks.receipt = (body) => ({ ...body, certificate: "77".repeat(32) });
  expect((await refused(handle.read(0), "ERR_RECEIPT")).message).toContain("certificate");
});

test("too many rows, and a column that does not fit, are refused before anything is sent", async () => {
  const handle = await client.openScore("risk");
  const long = new Float64Array(MAX_SCORE_ROWS + 1);
  await refused(handle.score({ age: long, months: long }), "ERR_SCORE_ROWS");
  await refused(handle.score({ age: COLUMNS.age }), "ERR_SCORE_INPUT");
  await refused(handle.score({ ...COLUMNS, age: Float64Array.of(1, 2, 9) }), "ERR_SCORE_INPUT");
  expect(city.calls).toHaveLength(0);
});

test.each(ONE_MESSAGE)(
  "a handle of %s refuses a product of every other form, and says which it needs",
  async (form) => {
    for (const other of ONE_MESSAGE.filter((option) => option !== form)) {
      const error = await refused(FORMS[form].open(client, FORMS[other].product), "ERR_STATE");
      expect(error.details).toEqual({ kind: "product", name: FORMS[other].product, state: other, needed: form });
    }
  },
);

test.each(ONE_MESSAGE)("a lying gateway is refused: %s", async (form) => {
  const { product, unit, amount, open } = FORMS[form];
  const { ask, snapshotHash } = await open(client, product);
  const { receipt } = await ask();
  const { body } = receipt.receipt;
  expect(body.quantity).toEqual({ unit, amount });
  expect(receipt.openings.snapshot?.value).toBe(snapshotHash);

  const [first] = city.calls;
  if (first === undefined) throw new Error("nothing was asked");
  const before = await city.answer(first);
  city.hooks.answer = () => before;
  expect((await refused(ask(), "ERR_RECEIPT")).message).toContain("callId");

  const answers: [(answer: AnswerEnvelope) => AnswerEnvelope, "ERR_ANSWER_ALTERED" | "ERR_RECEIPT"][] = [
    [(answer) => ({ ...answer, frame: flipBit(answer.frame) }), "ERR_ANSWER_ALTERED"],
    [(answer) => ({ ...answer, frame: before.frame }), "ERR_ANSWER_ALTERED"],
    [(answer) => ({ ...answer, receipt: before.receipt }), "ERR_RECEIPT"],
  ];
  for (const [change, code] of answers) {
    city.hooks.answer = change;
    await refused(ask(), code);
  }
  city.hooks = {};
  for (const [member, value] of [
    ["quantity", { unit, amount: String(Number(amount) + 1) }],
    ["snapshot", flipHash(body.snapshot)],
    ["release", flipHash(body.snapshot)],
    ["product", "another"],
  ] as const) {
    city.hooks.receipt = (receiptBody) => ({ ...receiptBody, [member]: value });
    expect((await refused(ask(), "ERR_RECEIPT")).message).toContain(member);
  }
});

test.each(ONE_MESSAGE)("a snapshot that is not this product's, or was changed, is refused: %s", async (form) => {
  const { product, open } = FORMS[form];
  for (const other of ONE_MESSAGE.filter((option) => option !== form)) {
    city.hooks.snapshot = () => city.signedSnapshot(FORMS[other].product);
    expect((await refused(open(client, product), "ERR_RECEIPT")).message).toContain("the product of");
  }
  city.hooks.snapshot = ({ body, signatures }) => ({
    body: { ...body, sealKey: `x25519:${"A".repeat(43)}` },
    signatures,
  });
  await refused(open(client, product), "ERR_SIGNATURE");
  city.hooks = { product: (listed) => ({ ...listed, form: form === "report" ? "score" : "report" }) };
  expect((await refused(open(client, product), "ERR_RECEIPT")).message).toContain("the form of");
  city.hooks = { product: (listed) => ({ ...listed, release: flipHash(listed.release) }) };
  expect((await refused(open(client, product), "ERR_RECEIPT")).message).toContain("the release of");
});

test("another product's snapshot is refused, though it is of the same form, grant and release", async () => {
  city.hooks.snapshot = () => city.signedSnapshot("other-list");
  expect((await refused(client.openMatch("list"), "ERR_RECEIPT")).message).toContain("the product of");
});

test("a set that was swapped, flipped, cut or is overlong is refused", async () => {
  let other: Uint8Array = new Uint8Array();
  city.hooks.part = (set) => (other = set);
  await client.openMatch("other-list");
  city.hooks.part = () => other;
  await refused(client.openMatch("list"), "ERR_RECEIPT");
  city.hooks.part = (set) => flipBit(set);
  await refused(client.openMatch("list"), "ERR_RECEIPT");
  city.hooks.part = (set) => set.subarray(1);
  await refused(client.openMatch("list"), "ERR_RECEIPT");
  city.hooks.part = (set) => concatBytes(set, set.subarray(0, 12));
  await refused(client.openMatch("list"), "ERR_FRAME_TOO_LARGE");
});

test("a domain that answers what is no answer is refused, though it signed it", async () => {
  await refused((await client.openMatch("lying-list")).match(LIST), "ERR_FRAME_MALFORMED");
  await refused((await client.openCount("lying-tally")).count(LIST), "ERR_FRAME_MALFORMED");
  await refused((await client.openScore("lying-risk")).score(COLUMNS), "ERR_FRAME_MALFORMED");
});

test.each([
  ["lying-regions", "ERR_RECEIPT", "snapshot"],
  ["loose-regions", "ERR_BODY_INVALID", "canonical"],
  ["bare-regions", "ERR_BODY_INVALID", "schema"],
  ["textual-regions", "ERR_BODY_INVALID", "JSON"],
  ["foreign-regions", "ERR_RECEIPT", "product"],
  ["later-regions", "ERR_RECEIPT", "version"],
] as const)("a report that is not this product's document is refused: %s", async (product, code, reason) => {
  expect((await refused((await client.openReport(product)).read(), code)).message).toContain(reason);
});

test.each(["match", "count"] as const)(
  "progress grows to its total, and is the same whatever matches: %s",
  async (kind) => {
    const progressOf = async (list: string[]): Promise<ListProgress[]> => {
      const told: ListProgress[] = [];
      const options = { onProgress: (progress: ListProgress) => told.push(progress) };
      await (kind === "match"
        ? (await client.openMatch("list")).match(list, options)
        : (await client.openCount("tally")).count(list, options));
      return told;
    };
    const list = ENTRIES.slice(0, 17);
    const told = await progressOf(list);
    expect(told.at(-1)).toEqual({ done: 40, total: 40 });
    expect(told.map(({ done }) => done)).toEqual(told.map(({ done }) => done).toSorted((a, b) => a - b));
    expect(new Set(told.map(({ total }) => total))).toEqual(new Set([40]));
    expect(await progressOf(list.map((entry) => `${entry}-absent`))).toEqual(told);
  },
);

test.each(["match", "count"] as const)("cancelling ends blinding and unblinding between batches: %s", async (kind) => {
  // More than one batch of each.
  const list = Array.from({ length: 300 }, (_, i) => `person-${i}`);
  for (const [stage, calls] of [
    [0, 0],
    [0.5, 1],
  ] as const) {
    const controller = new AbortController();
    let told = 0;
    const onProgress = ({ done, total }: ListProgress): void => {
      if (done / total <= stage) return;
      told++;
      controller.abort();
    };
    const options = { signal: controller.signal, onProgress };
    const ask =
      kind === "match"
        ? (await client.openMatch("list")).match(list, options)
        : (await client.openCount("tally")).count(list, options);
    await refused(ask, "ERR_CANCELLED");
    expect([told, city.calls.length]).toEqual([1, calls]);
  }
});

test("a caller waits longer than its gateway does, unless it chose otherwise", () => {
  for (const operation of Operation.options) {
    expect(answerTimeoutMs({ chosenTimeoutMs: undefined }, operation)).toBeGreaterThan(domainTimeoutMs(operation));
    expect(answerTimeoutMs({ chosenTimeoutMs: 40 }, operation)).toBe(40);
  }
  expect(domainTimeoutMs("psi.cardinality")).toBeGreaterThan(domainTimeoutMs("lookup.query"));
});

test("no error holds an entry of the list", async () => {
  city.hooks.answer = (answer) => ({ ...answer, frame: flipBit(answer.frame) });
  const error = await refused((await client.openMatch("list")).match(["person-777"]), "ERR_ANSWER_ALTERED");
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("person-777");
});

test("the grant behind a product has its rules of use, and is what department and agency signed", async () => {
  const handle = await client.openReport("regions");
  const { body } = await handle.grant();
  expect(body.restrictions).toEqual(["Answers decide about nobody alone."]);
  city.hooks.grant = ({ grant, policy }) => ({ grant: { ...grant, body: { ...body, restrictions: [] } }, policy });
  await refused(handle.grant(), "ERR_RECEIPT");
  for (const missing of [0, 1]) {
    city.hooks.grant = ({ grant, policy }) => ({
      grant: { ...grant, signatures: grant.signatures.filter((_, i) => i !== missing) },
      policy,
    });
    await refused(handle.grant(), "ERR_SIGNATURE");
  }
  city.hooks = {};
  const stranger = await generateKey();
  const { hrss } = city.trust.domains;
  if (hrss === undefined) throw new Error("the stub pins its domain");
  const trust = { ...city.trust, domains: { hrss: { ...hrss, departmentKey: stranger.keyId } } };
  await refused(clientOf({ trust }).grant(city.product.grant), "ERR_SIGNATURE");
  await refused(clientOf({ trust: { ...city.trust, domains: {} } }).grant(city.product.grant), "ERR_SIGNATURE");
});
