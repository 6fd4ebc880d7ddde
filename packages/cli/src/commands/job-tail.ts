/** `sluice job tail RUN`
 *  @module */
import type { Command } from "../command.ts";
import { runWatch } from "./run.ts";

/** `run watch`, where a developer looks for it. */
export const jobTail: Command = {
  ...runWatch,
  path: ["job", "tail"],
  summary: "follow a submitted job until it has completed or failed, with its log",
  positionals: ["RUN"],
};
