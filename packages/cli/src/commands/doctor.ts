/** `sluice doctor`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { formatTable } from "../table.ts";

/** Tells what this machine offers, and what would add what is missing. */
export const doctor: Command = {
  path: ["doctor"],
  summary: "show this machine's Node, sandbox engine and isolation layers, and how to get the missing ones",
  positionals: [],
  options: { ...JSON_OPTION },
  notes: "The layers are tried, not assumed. Exit code 1 when no job can run here.",
  async run(args, io) {
    const { checkEngine, createSandboxRunner, LAYER_REMEDIES, SANDBOX_LAYERS } = await import("@sluice/sandbox");
    const engine = checkEngine();
    const runner = await createSandboxRunner();
    try {
      const found = await runner.layers();
      const layers = SANDBOX_LAYERS.map((layer) => ({ layer, found: found.includes(layer) }));
      const node = process.versions.node;
      const platform = `${process.platform} ${process.arch}`;
      if (args.flag("json")) {
        io.stdout.write(`${JSON.stringify({ node, platform, engine: engine.version, layers })}\n`);
        return 0;
      }
      const rows = [
        ["node", node],
        ["platform", platform],
        ["isolated-vm", engine.version],
        ...layers.map(({ layer, found: ok }) => [`layer ${layer}`, ok ? "found" : `missing: ${LAYER_REMEDIES[layer]}`]),
      ];
      io.stdout.write(`${formatTable(rows)}\n`);
      return 0;
    } finally {
      await runner.close();
    }
  },
};
