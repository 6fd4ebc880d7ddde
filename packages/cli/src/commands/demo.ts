/** `sluice demo`
 *  @module */
import { usage, type Command } from "../command.ts";
import { MAX_PERSONS, MIN_PERSONS } from "../demo/city/tables.ts";

const DEFAULT_ROWS = 20_000;
const DEFAULT_SEED = "sluice";

/** Walks the main job through on a generated city. */
export const demo: Command = {
  path: ["demo"],
  summary: "walk a whole product through on a generated city: gateway, three domains, job, lookups, refusals",
  positionals: [],
  options: {
    rows: {
      value: "N",
      description: `persons in the city, ${MIN_PERSONS} to ${MAX_PERSONS} (default ${DEFAULT_ROWS})`,
    },
    data: { value: "DIR", description: "where everything is kept (default: a fresh temporary directory)" },
    seed: { value: "S", description: `seed of the generated city (default "${DEFAULT_SEED}")` },
    once: { description: "exit after the walk; otherwise gateway and domains keep running" },
    json: { description: "print the report as the last line of standard output" },
  },
  async run(args, io) {
    const rows = args.integer("rows", MIN_PERSONS, MAX_PERSONS) ?? DEFAULT_ROWS;
    const data = args.text("data");
    if (data === "") throw usage('"--data" expected a directory');
    const { runDemo } = await import("../demo/demo.ts");
    return await runDemo({
      rows,
      seed: args.text("seed") ?? DEFAULT_SEED,
      once: args.flag("once"),
      json: args.flag("json"),
      ...(data === undefined ? {} : { data }),
      signal: io.signal,
    });
  },
};
