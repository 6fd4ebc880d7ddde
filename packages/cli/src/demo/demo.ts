/** The walk of `npm start`: a city, its processes, a scene, a product, private answers, and everything that
 *  has to be refused.
 *  @module */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSluiceError, type SuiteId } from "@sluice/protocol";
import type { CommandIo } from "../command.ts";
import { formatError } from "../error-text.ts";
import { partyVariables, writeEnvironments } from "./environments.ts";
import type { ExampleName } from "./example-names.ts";
import { layersLine } from "./layers-line.ts";
import { examplePlan } from "./examples.ts";
import { openGeneratedCity } from "./generated-city.ts";
import type { ProductPlan } from "./plan.ts";
import { Narrator, type CallKind, type DemoReport, type Output } from "./report.ts";
import { RunningCity } from "./running-city.ts";
import { walk } from "./walk.ts";

/** Options of `sluice demo`. */
export interface DemoOptions {
  /** Persons of the city. */
  readonly rows: number;
  readonly seed: string;
  /** Suite of every signing key, and of what is sealed at rest, in a city that is made. */
  readonly suite: SuiteId;
  /** The one example to walk; all kinds of product with everything that is refused when absent. */
  readonly only?: ExampleName;
  /** Directory of the city; a fresh one under the system's temporary directory when absent. */
  readonly data?: string;
  /** End after the walk instead of keeping the processes. */
  readonly once: boolean;
  /** Print the report as the last line of stdout. */
  readonly json: boolean;
  /** Where it writes; its signal ends the demo. */
  readonly io: Pick<CommandIo, "stdout" | "stderr" | "signal">;
}

/** Runs the walk. Returns the exit code: 0 only when the report is ok. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const directory = options.data ?? join(tmpdir(), `sluice-${randomUUID().slice(0, 8)}`);
  const narrator = new Narrator(terminal(options));
  narrator.say(`Sluice 数闸 · raw data never leaves its domain · ${directory}`);
  let running: RunningCity | undefined;
  try {
    const { seed, suite, rows: persons } = options;
    const generated = await narrator.step("city", `a city of ${options.rows} persons, three domains`, (progress) =>
      openGeneratedCity(directory, { seed, persons, suite }, progress),
    );
    running = await narrator.step("processes", "gateway and domains start, each with its own keys", () =>
      RunningCity.start(generated.city),
    );
    narrator.say(await layersLine());
    const plan = await examplePlan(generated, options.only);
    const report = await walk(running, narrator, plan);
    conclude(narrator, report);
    if (!options.once) await sayHowToAsk(narrator, running, plan.products);
    if (options.json) options.io.stdout.write(`${JSON.stringify(report)}\n`);
    const { signal } = options.io;
    if (!options.once && report.ok && !signal.aborted) await once(signal, "abort");
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    narrator.say(formatError(error));
    const report: DemoReport = {
      ok: false,
      steps: narrator.steps,
      samples: [],
      privacy: [],
      calls: [],
      refusals: [],
      receipts: { issued: 0, verified: 0 },
      canaries: { planted: 0, foundOutside: 0 },
    };
    if (options.json) options.io.stdout.write(`${JSON.stringify(report)}\n`);
    return 1;
  } finally {
    await running?.stop();
  }
}

const COUNTED: Readonly<Record<CallKind, string>> = {
  lookup: "private lookups",
  "psi-ids": "entries matched",
  "psi-cardinality": "entries counted",
  "join-sum": "entries summed over",
  score: "rows scored",
  report: "times read",
  "noisy-report": "times read",
  dataset: "rows read",
  "hidden-selection": "sums opened",
};

function conclude(narrator: Narrator, report: DemoReport): void {
  for (const { kind, count, correct, p50Ms } of report.calls) {
    const near = kind === "noisy-report" || kind === "psi-cardinality" ? "within its stated error of" : "as";
    narrator.say(
      `  ${kind}: ${count} ${COUNTED[kind]}, ${correct ? "all" : "NOT"} ${near} the plain computation, p50 ${p50Ms} ms`,
    );
  }
  const refused = report.refusals.filter((refusal) => refusal.ok).length;
  if (report.refusals.length > 0) {
    narrator.say(`  ${refused} of ${report.refusals.length} wrong requests refused where they should be`);
  }
  for (const refusal of report.refusals.filter((candidate) => !candidate.ok)) {
    narrator.say(`    ${refusal.case}: ${refusal.code} by ${refusal.refusedBy}`);
  }
  narrator.say(`  ${report.receipts.verified} of ${report.receipts.issued} receipts verified offline`);
  const { statement } = report;
  if (statement !== undefined) {
    const { month, lines, total, receipts, ok } = statement;
    narrator.say(
      `  statement of ${month}: ${lines} lines, ${total} yuan, ${ok ? "as" : "NOT as"} the receipts (${receipts})`,
    );
  }
  narrator.say(
    `  ${report.canaries.foundOutside} traces of ${report.canaries.planted} canary persons outside of the domains`,
  );
  narrator.say(report.ok ? "ok" : "NOT ok");
}

/** For each product the command that asks it once more, with the variables that the README's query reads too. */
async function sayHowToAsk(narrator: Narrator, running: RunningCity, products: readonly ProductPlan[]): Promise<void> {
  const { gatewayUrl, city } = running;
  await writeEnvironments(running, products);
  narrator.say("  ask again, in another terminal:");
  for (const { spec, again } of products) {
    if (again === undefined) continue;
    const folder = join(city.directory, "callers", spec.callers[0]);
    const file = join(folder, again.file?.name ?? "");
    if (again.file !== undefined) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(file, again.file.text, { mode: 0o600 });
    }
    const variables = Object.entries(partyVariables(running, spec.callers[0])).map(
      ([name, value]) => `${name}=${value}`,
    );
    const words = again.words.map((word) => (word === "FILE" ? file : word));
    narrator.say(`${variables.join(" ")} npm run --silent sluice -- ${words.join(" ")}`);
  }
  narrator.say(`  to act as a party: . ${join(city.directory, "parties", "PARTY.env")}; next: docs/tutorial.md`);
  narrator.say(`gateway ${gatewayUrl} · OpenAPI ${gatewayUrl}/openapi.json · Ctrl-C ends`);
}

/** With `--json` the prose goes to stderr, so that stdout ends with the report. */
function terminal({ json, io }: DemoOptions): Output {
  const stream = json ? io.stderr : io.stdout;
  return { isTerminal: "isTTY" in stream && stream.isTTY === true, write: (text) => void stream.write(text) };
}
