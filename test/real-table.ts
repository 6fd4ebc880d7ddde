/** A real table as the data of one domain, walked through products of any form.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bytes, ProductForm, ResourceField } from "@sluice/protocol";
import { bundleJob } from "@sluice/sandbox/bundle";
import { setPrivacyBudget } from "@sluice/domain";
import { createCity, domainDirectory } from "../packages/cli/src/demo/city.ts";
import type { ProductPlan } from "../packages/cli/src/demo/plan.ts";
import { Narrator, type DemoReport } from "../packages/cli/src/demo/report.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import type { SceneSpec } from "../packages/cli/src/demo/scene.ts";
import { walk } from "../packages/cli/src/demo/walk.ts";

/** Column that numbers the rows of a table without a key of its own. */
const ROW_NUMBER = "row_number";

/** A table as text. */
export interface RealTable {
  readonly domain: string;
  readonly resource: string;
  readonly title: string;
  /** Fields of `rows`; the row number comes before them. */
  readonly fields: readonly ResourceField[];
  readonly rows: readonly (readonly string[])[];
}

/** Short notation of a field. */
export function realField(name: string, type: ResourceField["type"], role: ResourceField["role"]): ResourceField {
  return { name, title: name, type, role, grade: "general-2" };
}

/** What every scene on a real table has in common. */
export function realScene(
  form: ProductForm,
  about: Pick<SceneSpec, "domain" | "purpose" | "fields" | "policy" | "probe">,
): SceneSpec {
  return {
    ...about,
    form,
    department: "hrss-department",
    title: "A public table",
    value: "A test on a public table.",
    application: {
      economicValue: "None: a test.",
      socialValue: "None: a test.",
      businessModel: "None: a test.",
      dataRationale: "A public table without names.",
    },
    callers: ["river-bank", "closed-bank"],
    restrictions: ["Tests only."],
    key: ROW_NUMBER,
  };
}

/** The bundle of a job's file. */
export async function testBundle(file: URL): Promise<Bytes> {
  const { code } = await bundleJob(fileURLToPath(file));
  return code;
}

/** How a real table is walked. */
interface RealWalk {
  readonly refusals: boolean;
  /** Millionths of ρ that the department allows; absent, nothing. */
  readonly budget?: bigint;
  /** Looks at the domain in `directory` when all processes have stopped. */
  readonly after?: (directory: string, report: DemoReport) => Promise<void>;
}

/** Imports the table, walks the products, and returns the report with everything that was said. */
export async function walkRealTable(
  table: RealTable,
  products: readonly ProductPlan[],
  options: RealWalk,
): Promise<{ report: DemoReport; said: string }> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-table-"));
  const { domain, resource, title } = table;
  const fields = [realField(ROW_NUMBER, "integer", "direct"), ...table.fields];
  try {
    const city = await createCity(
      directory,
      { [domain]: { title, department: "hrss-department" } },
      async function* (directoryOf) {
        const file = join(directoryOf(domain), "table.csv");
        const lines = [fields.map(({ name }) => name), ...table.rows.map((row, i) => [String(i + 1), ...row])];
        await writeFile(file, `${lines.map((line) => line.join(",")).join("\n")}\n`);
        yield { domain, file, resource, title, source: "UCI", fields };
        await rm(file);
      },
    );
    const home = domainDirectory(directory, domain);
    if (options.budget !== undefined) {
      const clock = { now: () => new Date() };
      await setPrivacyBudget(home, resource, { budget: options.budget, person: ROW_NUMBER, clock });
    }
    const said: string[] = [];
    const running = await RunningCity.start(city);
    try {
      const narrator = new Narrator({ isTerminal: false, write: (text) => void said.push(text) });
      const { refusals } = options;
      const report = await walk(running, narrator, { products, refusals, canaries: { persons: 0, texts: [] } });
      await running.stop();
      await options.after?.(home, report);
      return { report, said: said.join("") };
    } finally {
      await running.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
