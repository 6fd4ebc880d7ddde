/** On what a run was made: an engine computes the same numbers from the same code on the same Node, ICU data and kind of processor,
 *  and may compute others elsewhere.
 *  @module */
import { cpus } from "node:os";
import { z } from "zod";

/** Versions and processor, as the process knows them. */
export const Runtime = z.strictObject({
  node: z.string().max(64),
  v8: z.string().max(64),
  icu: z.string().max(64),
  /** Architecture, and family of the processor without its clock. */
  cpu: z.string().max(128),
});
export type Runtime = z.infer<typeof Runtime>;

/** That of this process, and of the children that it starts with its own Node. */
export function currentRuntime(): Runtime {
  const { node, v8, icu = "none" } = process.versions;
  const model = cpus()[0]?.model.split("@")[0]?.trim() ?? "unknown";
  return { node, v8, icu, cpu: `${process.arch} ${model}`.slice(0, 128) };
}
