/** `sluice demo`
 *  @module */
import { usage, type Command } from "../command.ts";
import { EXAMPLE_NAMES, isExampleName } from "../demo/example-names.ts";
import { SUITE_OPTION, suiteOf } from "../suite-option.ts";
import { MAX_PERSONS } from "../demo/city/tables.ts";

/** Fewest persons of a walk: of fewer, some sample does not keep its k, or too many groups of the report are small. */
const MIN_WALK_PERSONS = 2_000;
const DEFAULT_ROWS = 20_000;
const DEFAULT_SEED = "sluice";

/** Walks the main job through on a generated city. */
export const demo: Command = {
  path: ["demo"],
  summary: "walk products of every kind through on a generated city: jobs, releases, private answers, refusals",
  positionals: [],
  options: {
    rows: {
      value: "N",
      description: `persons in the city, ${MIN_WALK_PERSONS} to ${MAX_PERSONS} (default ${DEFAULT_ROWS})`,
    },
    only: { value: "EXAMPLE", description: `walk one example alone: ${EXAMPLE_NAMES.join(", ")}` },
    data: { value: "DIR", description: "where everything is kept (default: a fresh temporary directory)" },
    seed: { value: "S", description: `seed of the generated city (default "${DEFAULT_SEED}")` },
    ...SUITE_OPTION,
    once: { description: "exit after the walk; otherwise gateway and domains keep running" },
    json: { description: "print the report as the last line of standard output" },
  },
  async run(args, io) {
    const rows = args.integer("rows", MIN_WALK_PERSONS, MAX_PERSONS) ?? DEFAULT_ROWS;
    const data = args.text("data");
    const only = args.text("only");
    if (only !== undefined && !isExampleName(only)) {
      throw usage(`"--only" expected one of ${EXAMPLE_NAMES.join(", ")}; got "${only}"`);
    }
    if (data === "") throw usage('"--data" expected a directory');
    const { runDemo } = await import("../demo/demo.ts");
    return await runDemo({
      rows,
      seed: args.text("seed") ?? DEFAULT_SEED,
      suite: suiteOf(args, io),
      once: args.flag("once"),
      json: args.flag("json"),
      ...(only === undefined ? {} : { only }),
      ...(data === undefined ? {} : { data }),
      io,
    });
  },
};
