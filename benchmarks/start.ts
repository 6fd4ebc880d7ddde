/** Suite `start`: how long until the first private answer, and how many lookups a second pass through gateway and
 *  domain, beside the same lookups over plain HTTP.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PRODUCT } from "../packages/cli/src/demo/products/inclusive-credit.ts";
import { openServing, type Serving } from "./serving-city.ts";
import { compare, measure, type Row, type Suite } from "./suite.ts";

const PERSONS = process.env["SLOW"] === "1" ? 200_000 : 20_000;
/** Lookups of one measurement. */
const LOOKUPS = 24;
/** Lookups in flight at the same time, in the concurrent row. */
const IN_FLIGHT = 8;
/** Plain answers are so fast that one measurement takes this many rounds of `LOOKUPS`. */
const PLAIN_ROUNDS = 25;

/** The suite. */
export const suite: Suite = {
  name: "start",
  note: "Each private lookup is two signed calls through gateway and domain, with two receipts in two logs, all verified.",
  chinese: [
    ["process start to first private answer, from an empty directory", "从空目录启动进程到首个私密答案"],
    ["process start to first private answer, after a restart", "重启后到首个私密答案"],
    ["private lookups", "匿踪查询"],
    [" at a time", " 个并发"],
    ["table of", "数据表"],
    ["rows", "行"],
    ["plain HTTP, nothing protected", "普通 HTTP，无任何保护"],
    [", ", "，"],
    ["lookups/s", "次/秒"],
    [" s ", " 秒 "],
  ],
  async run(progress) {
    const parent = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    try {
      const directory = join(parent, "city");
      const rows: Row[] = [];
      progress("first answer, from an empty directory");
      let round = 0;
      const empty = { name: "process start to first private answer, from an empty directory", n: PERSONS, unit: "s" };
      rows.push(
        await measure(empty, 3, () => secondsToAnswer(round++ === 0 ? directory : join(parent, `city-${round}`))),
      );
      progress("first answer, after a restart");
      const restart = { name: "process start to first private answer, after a restart", n: PERSONS, unit: "s" };
      rows.push(await measure(restart, 5, () => secondsToAnswer(directory)));
      progress("lookups a second");
      const serving = await openServing(directory, PERSONS);
      try {
        rows.push(...(await lookupRows(serving)));
      } finally {
        await serving.running.stop();
      }
      return rows;
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  },
};

async function secondsToAnswer(directory: string): Promise<number> {
  const script = fileURLToPath(new URL("./first-answer.ts", import.meta.url));
  const started = performance.now();
  const child = spawn(process.execPath, [script, directory, String(PERSONS)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const answered = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([answered, exited.then(() => null)]);
  const seconds = (performance.now() - started) / 1_000;
  await exited;
  if (first === null) throw new Error("the process ended without an answer");
  return seconds;
}

async function lookupRows({ running, keys }: Serving): Promise<Row[]> {
  const product = await running.client("river-bank").openLookup(PRODUCT);
  const stride = Math.floor(keys.length / LOOKUPS);
  const asked = Array.from({ length: LOOKUPS }, (_, i) => keys[i * stride] ?? "");
  const plain = await startPlainServer(keys);
  const askPrivately = async (key: string): Promise<void> => {
    const { record } = await product.lookup(key);
    if (record === null) throw new Error("a person of the table was not found");
  };
  const askPlainly = async (key: string): Promise<void> => {
    await (await fetch(`${plain.url}/${key}`)).json();
  };
  try {
    const rows: Row[] = [];
    for (const inFlight of [1, IN_FLIGHT]) {
      const name = `private lookups, ${inFlight} at a time, table of ${keys.length} rows`;
      const row = {
        name,
        n: LOOKUPS,
        unit: "lookups/s",
        better: "higher",
        peer: "plain HTTP, nothing protected",
      } as const;
      const repeated = Array.from({ length: PLAIN_ROUNDS }, () => asked).flat();
      rows.push(
        await compare(
          row,
          () => perSecond(asked, inFlight, askPrivately),
          () => perSecond(repeated, inFlight, askPlainly),
        ),
      );
    }
    return rows;
  } finally {
    plain.stop();
  }
}

async function perSecond(
  keys: readonly string[],
  inFlight: number,
  ask: (key: string) => Promise<void>,
): Promise<number> {
  const waiting = [...keys];
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await ask(key);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (keys.length * 1_000) / (performance.now() - started);
}

async function startPlainServer(keys: readonly string[]): Promise<{ url: string; stop(): void }> {
  const script = fileURLToPath(new URL("./plain-server.ts", import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(Object.fromEntries(keys.map((key) => [key, "A"]))));
  const [url] = await once(createInterface({ input: child.stdout }), "line");
  return { url: String(url), stop: () => void child.kill() };
}
