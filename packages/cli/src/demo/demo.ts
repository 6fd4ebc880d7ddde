/** The walk of `npm start`: a city, its processes, a scene, a product, private answers, and everything that
 *  has to be refused.
 *  @module */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isSluiceError } from "@sluice/protocol";
import { bundleJob } from "@sluice/sandbox/bundle";
import { formatError } from "../error-text.ts";
import { openGeneratedCity, type GeneratedCity } from "./generated-city.ts";
import { plainLabels } from "./oracle.ts";
import { Narrator, type DemoReport, type Output } from "./report.ts";
import { RunningCity } from "./running-city.ts";
import { inclusiveCredit, KEY_FIELD, PRODUCT } from "./scene.ts";
import { evidenceDirectory, walk, type WalkPlan } from "./walk.ts";

/** Options of `sluice demo`. */
export interface DemoOptions {
  /** Persons of the city. */
  readonly rows: number;
  readonly seed: string;
  /** Directory of the city; a fresh one under the system's temporary directory when absent. */
  readonly data?: string;
  /** End after the walk instead of keeping the processes. */
  readonly once: boolean;
  /** Print the report as the last line of stdout. */
  readonly json: boolean;
  /** Ends the demo when it aborts. */
  readonly signal: AbortSignal;
}

/** Source of the example job. */
export const EXAMPLE_JOB = fileURLToPath(new URL("../../../../examples/inclusive-credit/job.ts", import.meta.url));

/** Share of the persons in a developer's sample: larger in small cities, where k needs more of them. */
const SAMPLE_SHARE = 0.25;
const SMALL_CITY_SHARE = 0.5;
const SMALL_CITY_PERSONS = 10_000;
/** Canary persons who are asked about first. */
const ASKED_CANARIES = 4;

/** The walk of a generated city: inclusive credit, on every person, with its canaries. */
export async function creditPlan({ data }: GeneratedCity): Promise<WalkPlan> {
  const { code } = await bundleJob(EXAMPLE_JOB);
  const { canaries } = data;
  const share = data.persons < SMALL_CITY_PERSONS ? SMALL_CITY_SHARE : SAMPLE_SHARE;
  return {
    spec: inclusiveCredit(Math.round(data.persons * share)),
    product: PRODUCT,
    code,
    plainLabels: (model) => plainLabels(data.hrss, model),
    firstKeys: canaries.slice(0, ASKED_CANARIES).map((canary) => canary.residentId),
    canaries: {
      persons: canaries.length,
      texts: canaries.flatMap(({ residentId, name, phone }) => [residentId, name, phone]),
    },
  };
}

/** Runs the walk. Returns the exit code: 0 only when the report is ok. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const directory = options.data ?? join(tmpdir(), `sluice-${randomUUID().slice(0, 8)}`);
  const narrator = new Narrator(terminal(options.json));
  narrator.say(`Sluice 数闸 · raw data never leaves its domain · ${directory}`);
  let running: RunningCity | undefined;
  try {
    const { seed, rows: persons } = options;
    const generated = await narrator.step("city", `a city of ${options.rows} persons, three domains`, (progress) =>
      openGeneratedCity(directory, { seed, persons }, progress),
    );
    running = await narrator.step("processes", "gateway and domains start, each with its own keys", () =>
      RunningCity.start(generated.city),
    );
    const report = await walk(running, narrator, await creditPlan(generated));
    conclude(narrator, report);
    if (!options.once) sayHowToAsk(narrator, running, generated);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    if (!options.once && report.ok && !options.signal.aborted) await once(options.signal, "abort");
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    narrator.say(formatError(error));
    const report: DemoReport = {
      ok: false,
      steps: narrator.steps,
      calls: [],
      refusals: [],
      receipts: { issued: 0, verified: 0 },
      canaries: { planted: 0, foundOutside: 0 },
    };
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return 1;
  } finally {
    await running?.stop();
  }
}

function conclude(narrator: Narrator, report: DemoReport): void {
  for (const call of report.calls) {
    narrator.say(
      `  ${call.count} private lookups, ${call.correct ? "all as" : "NOT as"} the plain computation, p50 ${call.p50Ms} ms`,
    );
  }
  const refused = report.refusals.filter((refusal) => refusal.ok).length;
  narrator.say(`  ${refused} of ${report.refusals.length} wrong requests refused where they should be`);
  for (const refusal of report.refusals.filter((candidate) => !candidate.ok)) {
    narrator.say(`    ${refusal.case}: ${refusal.code} by ${refusal.refusedBy}`);
  }
  narrator.say(`  ${report.receipts.verified} of ${report.receipts.issued} receipts verified offline`);
  narrator.say(
    `  ${report.canaries.foundOutside} traces of ${report.canaries.planted} canary persons outside of the domains`,
  );
  narrator.say(report.ok ? "ok" : "NOT ok");
}

/** The command that makes one more private lookup, with the variables that the README's query reads too. */
function sayHowToAsk(narrator: Narrator, { gatewayUrl }: RunningCity, { city, data }: GeneratedCity): void {
  const { hrss } = data;
  const [first = []] = hrss.rows();
  const variables = [
    `SLUICE_GATEWAY=${gatewayUrl}`,
    `SLUICE_KEY=${join(city.directory, "parties", "river-bank.key")}`,
    `SLUICE_TRUST=${join(evidenceDirectory(city), "trust.json")}`,
  ];
  narrator.say("  ask again, in another terminal:");
  narrator.say(
    `${variables.join(" ")} npm run --silent sluice -- lookup ${PRODUCT} ${first[hrss.header.indexOf(KEY_FIELD)]}`,
  );
  narrator.say(`gateway ${gatewayUrl} · OpenAPI ${gatewayUrl}/openapi.json · Ctrl-C ends`);
}

/** With `--json` the prose goes to stderr, so that stdout ends with the report. */
function terminal(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  return { isTerminal: stream.isTTY, write: (text) => void stream.write(text) };
}
