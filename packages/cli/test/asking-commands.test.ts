/** `match`, `score`, `report` and `product show`, against a gateway that answers truly.
 *  @module */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPrivateKey } from "@sluice/evidence";
import { SluiceError, type JoinKeys, type LinearModel, type SquareNetwork, type Table } from "@sluice/protocol";
import { tableFromIPC } from "apache-arrow";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendProblem, StubCity } from "../../client/test/stub-city.ts";
import {
  COUNT_NOISE,
  datasetProduct,
  hiddenProduct,
  reportProduct,
  scoreProduct,
  setProduct,
} from "../../client/test/stub-products.ts";
import { StubSessions } from "../../client/test/stub-sessions.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const MODEL: LinearModel = { kind: "linear-model", features: ["age", "sex=male"], weights: [0.05, -1], intercept: -2 };
/** z is -1 and 1 at the bounds: z + (1 + z')² - 2. */
const NETWORK: SquareNetwork = {
  kind: "square-network",
  features: [
    { name: "age", low: 20, high: 80 },
    { name: "sex=male", low: 0, high: 1 },
  ],
  units: [
    { sign: 1, bias: 0.5, weights: [0.5, 0] },
    { sign: -1, bias: 0.5, weights: [-0.5, 0] },
    { sign: 1, bias: 1, weights: [0, 1] },
  ],
  intercept: -2,
  salt: "5a".repeat(32),
};
const TABLE: Table = {
  kind: "table",
  dimensions: [{ name: "region", levels: ["north", "south", "west"] }],
  measures: ["income"],
  cells: [
    { at: [1], rows: 1_025, means: { income: 31.4 } },
    { at: [2], rows: 10, means: {} },
  ],
  totals: [[0, 1_025, 10]],
  total: 1_035,
  minimum: 10,
  base: 5,
};
const PEOPLE = {
  fields: [
    { name: "region", type: "dict" as const },
    { name: "age", type: "f64" as const },
    { name: "insured", type: "bool" as const },
  ],
  columns: [
    ["=1+1", '东"城', null],
    [-2.5, null, 3],
    [true, false, null],
  ],
  days: 30,
};
const RULE = "rule of use: Answers decide about nobody alone.\n";
const ENTRIES = Array.from({ length: 20 }, (_, i) => `person-${i}`);

const KEYS: JoinKeys = [
  [
    { field: "name", type: "name" },
    { field: "id", type: "resident-id" },
  ],
  [{ field: "phone", type: "mobile" }],
];
const JOINED = [
  '[["name","name","张三"],["id","resident-id","11010519491231002X"]]',
  '[["phone","mobile","13800138000"]]',
];

let city: StubCity;
beforeAll(async () => {
  city = await StubCity.start(
    { "person-1": 1 },
    {
      list: setProduct("psi-ids", ENTRIES),
      tally: setProduct("psi-cardinality", ENTRIES),
      persons: setProduct("psi-ids", JOINED, KEYS),
      phones: setProduct("psi-ids", JOINED.slice(1), KEYS.slice(1)),
      pairs: setProduct("psi-cardinality", JOINED.slice(0, 1), KEYS.slice(0, 1)),
      risk: scoreProduct(MODEL, 128, "logistic"),
      stays: hiddenProduct(NETWORK, "logistic", 0.01),
      regions: reportProduct(TABLE),
      people: datasetProduct(PEOPLE),
      elsewhere: datasetProduct(PEOPLE),
      ...new StubSessions().products,
    },
  );
});
beforeEach(() => {
  city.hooks = {};
  city.calls.length = 0;
});
afterAll(() => city.close());

/** Environment of the stub's caller. */
async function callerEnv(): Promise<{ env: Record<string, string>; directory: string }> {
  const directory = await temporaryDirectory();
  const [key, trust] = [join(directory, "bank.key"), join(directory, "trust.json")];
  await writeFile(key, await exportPrivateKey(city.caller));
  await writeFile(trust, JSON.stringify(city.trust));
  return { directory, env: { SLUICE_GATEWAY: city.url, SLUICE_KEY: key, SLUICE_TRUST: trust } };
}

test("`match` prints the matching entries alone, and the rules of use beside them", async () => {
  const { env, directory } = await callerEnv();
  const list = join(directory, "list.txt");
  await writeFile(list, "\uFEFFnobody\r\nperson-3\r\n\r\nperson-1\r\nperson-3\r\n");
  const { code, stdout, stderr } = await sluice(["match", "list", list], { env });
  expect(stdout).toBe("person-3\nperson-1\n");
  expect(stderr).toMatch(/^rule of use: Answers decide about nobody alone\.\n2 matches\nreceipt \w{32} psi\.ids\n$/);
  expect(code).toBe(0);
  const json = await sluice(["match", "list", "-", "--json"], { env, stdin: "person-1\nsomebody\n" });
  expect(JSON.parse(json.stdout)).toMatchObject({ found: ["person-1"], receipt: { receipt: {} } });
});

test("`match` of a product that only counts prints about how many, how far that can be off, and no entry", async () => {
  const { env } = await callerEnv();
  const { stdout, stderr } = await sluice(["match", "tally", "-"], { env, stdin: "person-1\nperson-19\nnobody\n" });
  expect(stdout).toMatch(
    /^2 ± 1 \(19 times out of 20; never off by more than 1\), ε = 2\nreceipt \w{32} psi\.cardinality\n$/,
  );
  expect(stderr).toBe(RULE);
  expect(stdout + stderr).not.toContain("person");
});

test("`match` shows how far it is where standard error is a terminal, and clears that in the end, also after a refusal", async () => {
  const { env } = await callerEnv();
  for (const [product, what] of [
    ["list", "matching"],
    ["tally", "counting"],
  ] as const) {
    const asked = { env, stdin: "person-1\nnobody\n" };
    const { stderr } = await sluice(["match", product, "-"], { ...asked, terminal: true });
    expect(stderr).toContain(`\r\u001B[K${what} 100 %\r\u001B[K`);
    expect((await sluice(["match", product, "-"], { ...asked, terminal: false })).stderr).not.toContain("%");
  }
  city.hooks.call = (_, response) => {
    sendProblem(response, new SluiceError("ERR_SNAPSHOT"));
    return Promise.resolve(true);
  };
  const { stderr } = await sluice(["match", "list", "-"], { env, stdin: "person-1\n", terminal: true });
  expect(stderr.replaceAll("\r\u001B[K", "|")).toMatch(/\|matching \d+ %\|error ERR_SNAPSHOT/);
});

test("`match` by a typed key takes entries as they are written, and refuses or leaves out what is none of its type", async () => {
  const { env } = await callerEnv();
  const stdin = "\ufeff+86 138 0013 8000\r\n\r\n１３８００１３８０００\n13900139000\n";
  const { stdout } = await sluice(["match", "phones", "-"], { env, stdin });
  expect(stdout).toBe("+86 138 0013 8000\n１３８００１３８０００\n");
  const wrong = `${stdin}0755-12345678\n${"1\n".repeat(30)}`;
  const calls = city.calls.length;
  const refused = await sluice(["match", "phones", "-"], { env, stdin: wrong });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("line 5: refused: phone is no mobile: it has too few or too many characters\n");
  expect(refused.stderr.match(/^line \d+: refused/gm)).toHaveLength(20);
  expect(refused.stderr).toContain("and 11 more\n");
  expect(refused.stderr).toMatch(
    /error ERR_JOIN_KEY: line 5 of the list is no mobile: it has too few or too many characters; 31 such entries in all/,
  );
  expect(refused.stderr).not.toContain("0755");
  expect(city.calls).toHaveLength(calls);
  const skipped = await sluice(["match", "phones", "-", "--skip-invalid"], { env, stdin: wrong });
  expect(skipped).toMatchObject({ code: 0, stdout });
  expect(skipped.stderr).toContain("line 5: left out: phone is no mobile");
});

test("`match --columns` joins rows of a CSV by any key of the set, and prints the rows that match as they were", async () => {
  const { env } = await callerEnv();
  const stdin = [
    "nr,姓名,证件,tel",
    '1,"张　三",11010519491231002x,',
    '2,"张三, ""the"" second",11010519491231002X,138-0013-8000',
    "3,李四,11010519491231002X,13900139000",
    '4,"张\n三",11010519491231002X,13800138000',
    "5,,,",
  ].join("\r\n");
  const columns = ["--columns", "姓名,证件;tel"];
  const { code, stdout, stderr } = await sluice(["match", "persons", "-", ...columns], { env, stdin });
  expect([code, stdout]).toEqual([
    0,
    'nr,姓名,证件,tel\n1,张　三,11010519491231002x,\n2,"张三, ""the"" second",11010519491231002X,138-0013-8000\n4,"张\n三",11010519491231002X,13800138000\n',
  ]);
  expect(stderr).toContain("3 matches\n");
  const json = await sluice(["match", "persons", "-", ...columns, "--json"], { env, stdin });
  expect((JSON.parse(json.stdout) as { matches: unknown }).matches).toEqual([
    { line: 2, keys: 1 },
    { line: 3, keys: 2 },
    { line: 5, keys: 3 },
  ]);
  const phones = await sluice(["match", "persons", "-", "--columns", ";tel"], { env, stdin });
  expect(phones.stderr).toContain("2 matches\n");
  // The row begins in the line before the last.
  const wrong = `${stdin}\r\n6,王五,11010519491231002,`;
  const refused = await sluice(["match", "persons", "-", ...columns], { env, stdin: wrong });
  expect(refused.stderr).toContain("line 8: refused: id is no resident-id: it has too few or too many characters\n");
  expect(refused.stderr).not.toContain("王五");
  const counted = await sluice(["match", "pairs", "-", "--columns", "姓名,证件"], { env, stdin });
  expect(counted.stdout).toMatch(/^1 ± 1 /);
});

test.each([
  [["--columns", "姓名"], "nr,name\n1,a\n", 2, /the header lacks column "姓名"/],
  [["--columns", "name"], "nr,name\n1\n", 2, /line 2 has 1 cells; the header has 2/],
  [["--columns", "name"], "name,name\n1,a\n", 2, /the header names a column twice/],
  [
    ["--columns", "nr,name"],
    "nr,name\n1,a\n",
    1,
    /ERR_JOIN_COLUMNS.*name \(name\) and id \(resident-id\); phone \(mobile\)/,
  ],
  [[], "张三\n", 1, /ERR_JOIN_COLUMNS.*a list has one value for each entry/],
])("`match` sends nothing for rows that do not fit the keys: %j", async (options, stdin, code, words) => {
  const { env } = await callerEnv();
  const asked = await sluice(["match", "persons", "-", ...options], { env, stdin });
  expect(asked).toMatchObject({ code, stdout: "" });
  expect(asked.stderr).toMatch(words);
  expect(city.calls).toHaveLength(0);
});

test("`match` sends nothing for an empty list or a product of another form", async () => {
  const { env } = await callerEnv();
  expect(await sluice(["match", "list", "-"], { env, stdin: "\n\n" })).toMatchObject({ code: 2, stdout: "" });
  const other = await sluice(["match", "risk", "-"], { env, stdin: "person-1\n" });
  expect(other.stderr).toMatch(/^error ERR_STATE: .*risk.*psi-ids/);
  expect(other.code).toBe(1);
  expect(city.calls).toEqual([]);
});

test("`score` adds score and response to the file, and sends no other column", async () => {
  const { env, directory } = await callerEnv();
  const file = join(directory, "applicants.csv");
  await writeFile(file, 'sex=male,"applicant, own number",age\n1,a-1,40\n0,"a ""2""",60.5\n');
  const { code, stdout, stderr } = await sluice(["score", "risk", file], { env });
  expect(code).toBe(0);
  expect(stderr).toMatch(/^rule of use: .*\nreceipt \w{32} score\n$/);
  const [header, first = "", second = ""] = stdout.split("\n");
  expect(header).toBe('sex=male,"applicant, own number",age,score,response');
  expect(first).toMatch(/^1,a-1,40,-1\.0\d*,0\.2689\d*$/);
  expect(second).toMatch(/^0,"a ""2""",60\.5,1\.02[45]\d*,0\.73\d*$/);
  const json = JSON.parse((await sluice(["score", "risk", file, "--json"], { env })).stdout) as { scores: number[] };
  expect(json.scores[0]).toBeCloseTo(-1, 4);
  expect(json.scores[1]).toBeCloseTo(1.025, 4);
});

test("`score` scores by a model that stays as by any other, for 8,192 rows a call, and `product show` has its bounds", async () => {
  const { env } = await callerEnv();
  const shown = await sluice(["product", "show", "stays"], { env });
  expect(shown.stdout).toMatch(/^features +age 20 to 80, sex=male 0 to 1$/m);
  expect(shown.stdout).toMatch(/^model +stays in the domain; any call spends 8,192 rows$/m);
  expect(shown.stdout).toMatch(/^scores +with noise of 0\.0\d+, always within 0\.\d+$/m);
  const json = JSON.parse((await sluice(["product", "show", "stays", "--json"], { env })).stdout) as object;
  expect(json).toMatchObject({ features: NETWORK.features, rowsPerCall: 8_192 });
  const stdin = "age,sex=male,number\n20,0,a\n80,1,b\n50,0.5,c\n";
  const { code, stdout, stderr } = await sluice(["score", "stays", "-", "--json"], { env, stdin });
  expect({ code, stderr }).toEqual({ code: 0, stderr: RULE });
  const { scores, responses, errorBound, noise, receipt } = JSON.parse(stdout) as {
    scores: number[];
    responses: number[];
    errorBound: number;
    noise: number;
    receipt: { receipt: { body: { quantity: object } } };
  };
  expect(errorBound).toBeLessThan(0.3);
  expect(noise).toBeGreaterThanOrEqual(0.01);
  expect(noise).toBeLessThan(0.02);
  for (const [i, plain] of [-3, 3, -1].entries()) {
    expect(Math.abs((scores[i] ?? Number.NaN) - plain)).toBeLessThanOrEqual(errorBound);
    expect(responses[i]).toBeCloseTo(1 / (1 + Math.exp(-plain)), 1);
  }
  expect(receipt.receipt.body.quantity).toEqual({ unit: "score-row", amount: "8192" });
  // Two decimals: more would be noise.
  const text = await sluice(["score", "stays", "-"], { env, stdin });
  expect(text.stdout).toMatch(/^age,sex=male,number,score,response\n20,0,a,-[23]\.\d\d,0\.\d\d\n/);
  city.calls.length = 0;
  const beyond = await sluice(["score", "stays", "-"], { env, stdin: "age,sex=male\n81,1\n" });
  expect(beyond.stderr).toContain("a value is not a number between 20 and 80");
  expect(beyond.code).toBe(1);
  expect(city.calls).toEqual([]);
});

test.each([
  ["age\n40\n", /the header lacks column "sex=male"; the model needs age, sex=male/],
  ["age,sex=male\n40,\n", /row 1 has no number in column "sex=male"/],
  ["age,sex=male\nforty-seven,1\n", /row 1 has no number in column "age"/],
  ["age,sex=male\n40,1\n40\n", /line 3 has 1 cells; the header has 2/],
  ["age,age\n40,1\n", /names a column twice/],
  ["age,sex=male\n", /a header and at least one row/],
  ['age,sex=male\n"40,1\n', /a quote out of place/],
  ["", /a header and at least one row/],
])("`score` names what is wrong with a file, and no value of it: %j", async (text, reason) => {
  const { env } = await callerEnv();
  const { code, stdout, stderr } = await sluice(["score", "risk", "-"], { env, stdin: text });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(reason);
  expect(stderr).not.toContain("forty-seven");
  expect(city.calls).toEqual([]);
});

test("`score` refuses a value beyond the product's bound before anything is sent", async () => {
  const { env } = await callerEnv();
  const { code, stderr } = await sluice(["score", "risk", "-"], { env, stdin: "age,sex=male\n4000,1\n" });
  expect(stderr).toContain("error ERR_SCORE_INPUT: ");
  expect(stderr).not.toContain("4000");
  expect(code).toBe(1);
  expect(city.calls).toEqual([]);
});

test("`report` prints the table, with what is not listed and what is withheld told apart", async () => {
  const { env } = await callerEnv();
  const { code, stdout, stderr } = await sluice(["report", "regions"], { env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^rows\nregion\nnorth +-\nsouth +1,025\nwest +10$/m);
  expect(stdout).toMatch(/^mean of income\nregion\nnorth +-\nsouth +31\.4\nwest +\*$/m);
  expect(stdout).toContain("total of the cells shown: 1,035\n");
  expect(stderr).toMatch(/^rule of use: .*\nreceipt \w{32} report\n$/);
  expect(JSON.parse((await sluice(["report", "regions", "--json"], { env })).stdout)).toMatchObject({
    report: { table: TABLE },
  });
});

test("`report --html` writes a page, and `--receipts` what `verify` checks", async () => {
  const { env, directory } = await callerEnv();
  const [page, receipts] = [join(directory, "page.html"), join(directory, "receipts")];
  await sluice(["report", "regions", "--html", page, "--receipts", receipts], { env });
  expect(await readFile(page, "utf8")).toMatch(/^<!doctype html>[^]*1,025[^]*Answers decide about nobody alone\./);
  expect(await readdir(receipts)).toHaveLength(1);
  await city.copyLogs(join(directory, "logs"));
  expect((await sluice(["verify", directory], { env })).stdout).toMatch(/^receipts +1 +1$/m);
  const refused = await sluice(["report", "regions", "--html", directory], { env });
  expect(refused.stderr).toMatch(/^rule of use: .*\nerror ERR_USAGE: "--html" names /);
  expect(refused.code).toBe(2);
});

test("`dataset get` writes whole files that start no formula, tells certificate and term, and spends once", async () => {
  const { env, directory } = await callerEnv();
  const [out, receipts] = [join(directory, "people.csv"), join(directory, "receipts")];
  const { code, stdout, stderr } = await sluice(["dataset", "get", "people", "--out", out, "--receipts", receipts], {
    env,
  });
  expect(stderr).toMatch(/^rule of use: .*\nreceipt \w{32} dataset\n$/);
  expect(code).toBe(0);
  expect(await readFile(out, "utf8")).toBe(`\uFEFFregion,age,insured\r\n'=1+1,-2.5,true\r\n"东""城",,false\r\n,3,\r\n`);
  expect(stdout).toContain("people.csv: 3 rows of 3 fields\ncertificate: level 3, k = 5, risk 0.04\n");
  expect(stdout).toContain("spent 270 row-field-days; to be read until 2026-01-31T00:00:00.000Z\n");
  // The term, and two pages.
  expect(await readdir(receipts)).toHaveLength(3);
  const calls = city.calls.length;
  const again = await sluice(["dataset", "get", "people", "--out", out], { env });
  expect(again).toMatchObject({ code: 2 });
  expect(city.calls).toHaveLength(calls);
  const second = join(directory, "second.csv");
  const reread = await sluice(["dataset", "get", "people", "--out", second, "--json"], { env });
  expect(JSON.parse(reread.stdout)).toMatchObject({ dataset: { spent: "0", until: "2026-01-31T00:00:00.000Z" } });
  expect(await readFile(second, "utf8")).toBe(await readFile(out, "utf8"));
  const arrow = join(directory, "people.arrow");
  expect(await sluice(["dataset", "get", "people", "--out", arrow, "--format", "arrow"], { env })).toMatchObject({
    code: 0,
  });
  expect(
    tableFromIPC(await readFile(arrow))
      .toArray()
      .map((row) => Object.values(row as object)),
  ).toEqual([
    ["=1+1", -2.5, true],
    ['"东""城"'.replaceAll('""', '"').slice(1, -1), null, false],
    [null, 3, null],
  ]);
  const wrong = await sluice(["dataset", "get", "people", "--out", join(directory, "x"), "--format", "xlsx"], { env });
  expect(wrong.stderr).toContain("`--format` is csv or arrow");
});

test("`dataset get` that ends early leaves no file", async () => {
  const { env, directory } = await callerEnv();
  let calls = 0;
  city.hooks.call = (_, response) => {
    if (++calls < 3) return Promise.resolve(false);
    sendProblem(response, new SluiceError("ERR_DATASET_ENDED", { until: "2026-01-31T00:00:00.000Z" }));
    return Promise.resolve(true);
  };
  const { code, stderr } = await sluice(["dataset", "get", "elsewhere", "--out", join(directory, "x.csv")], { env });
  expect(code).not.toBe(0);
  expect(stderr).toContain("ERR_DATASET_ENDED");
  expect((await readdir(directory)).filter((name) => name.includes("x.csv"))).toEqual([]);
});

test("`product show` tells form, place, registration, grant and rules of use", async () => {
  const { env } = await callerEnv();
  const { stdout, stderr, code } = await sluice(["product", "show", "risk"], { env });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^product +risk version 1$/m);
  expect(stdout).toMatch(/^code +SLP-\d{4}-\d{6}$/m);
  expect(stdout).toMatch(/^form +score$/m);
  expect(stdout).toMatch(/^domain +hrss$/m);
  expect(stdout).toMatch(new RegExp(`^grant +${city.product.grant}$`, "m"));
  expect(stdout).toMatch(/^features +age, sex=male$/m);
  expect(stdout).toMatch(/^rule of use +Answers decide about nobody alone\.$/m);
  const json = JSON.parse((await sluice(["product", "show", "list", "--json"], { env })).stdout) as object;
  expect(json).toMatchObject({ product: { form: "psi-ids" }, grant: { type: "grant" } });
  expect(json).not.toHaveProperty("features");
  city.hooks.route = (request, _, response) => {
    if (!(request.url ?? "").startsWith("/v1/grants/")) return false;
    sendProblem(response, new SluiceError("ERR_NOT_FOUND", { kind: "grant", name: "x" }));
    return true;
  };
  const stranger = await sluice(["product", "show", "list"], { env });
  expect(stranger).toMatchObject({ code: 0, stderr: "" });
  expect(stranger.stdout).toMatch(/^rules of use +only the parties of the grant may read them$/m);
});

test("`product show` tells by which method and keys lists are matched, from the signed snapshot alone", async () => {
  const { env } = await callerEnv();
  const paths: string[] = [];
  city.hooks.route = (request) => {
    paths.push(request.url ?? "");
    return false;
  };
  const show = async (product: string): Promise<string> =>
    (await sluice(["product", "show", product], { env })).stdout.replaceAll(/ {2,}/g, "|");
  const typed = await show("persons");
  expect(typed).toMatch(/^matched by\|filter: \d+ bytes are fetched, then a list is one message$/m);
  expect(typed).toMatch(/^entries\|up to 16\nkey 1\|name \(name\) and id \(resident-id\)\nkey 2\|phone \(mobile\)$/m);
  expect(await show("list")).toMatch(/^entries\|up to 20\nkey\|one text, compared exactly$/m);
  const counted = "counting, with noise: each count costs ε = 2 of a budget of 10";
  expect(await show("pairs")).toContain(
    `matched by|${counted}\nentries|up to 16\nkey|name (name) and id (resident-id)\n`,
  );
  expect(await show("equals")).toContain(
    "matched by|transfer: nothing is fetched, a list is a session, and costs 1024 entries at least\n",
  );
  expect(await show("regions")).not.toMatch(/^(matched by|entries|key)/m);
  expect(paths.filter((path) => path.includes("/snapshots/"))).toEqual([]);
  const json = async (product: string): Promise<object> =>
    JSON.parse((await sluice(["product", "show", product, "--json"], { env })).stdout) as object;
  expect(await json("persons")).toMatchObject({ set: { method: "filter", paddedItems: 16, keys: KEYS } });
  expect(await json("equals")).toMatchObject({ set: { method: "transfer" } });
  expect(await json("pairs")).toMatchObject({ set: { noise: COUNT_NOISE, keys: KEYS.slice(0, 1) } });
  const { product } = (await json("list")) as { product: object };
  city.hooks.route = (request, _, response) => {
    if (request.url !== "/v1/products/list") return false;
    response.setHeader("content-type", "application/json").end(JSON.stringify({ ...product, status: "registered" }));
    return true;
  };
  city.hooks.snapshot = () => {
    throw new Error("asked for");
  };
  expect(await show("list")).toMatch(/^status\|registered$/m);
  city.hooks = {};
  city.hooks.snapshot = (signed) => ({ ...signed, body: { ...signed.body, epoch: 2 } as typeof signed.body });
  const forged = await sluice(["product", "show", "list"], { env });
  expect([forged.stdout, forged.stderr]).toEqual(["", expect.stringContaining("ERR_SIGNATURE")]);
});
