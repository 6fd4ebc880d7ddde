/** The worker of sums under hidden selections: verifies one selection and answers one request under it. The register stays with
 *  the domain's state; here every selection is held against its caller, parameters and proofs.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { serveTasks } from "../../tasks.ts";
import type { SelectionRegister } from "./register.ts";
import { SelectionServer, SelectionTable } from "./server.ts";
import type { SelectionTask } from "./tasks.ts";

export default serveTasks({ "selection.answer": (input) => answer(input as SelectionTask) });

/** The domain has asked its own, and charged, before it gave the task. */
const ASKED_BEFORE: SelectionRegister = {
  register: () => Promise.resolve(null),
  holds: () => Promise.resolve(true),
  charge: () => Promise.resolve(null),
};

async function answer(task: SelectionTask): Promise<Uint8Array> {
  const { parameters, epoch, groups, caller, selection, request } = task;
  const drawn = [...task.noise];
  const noise = (): bigint => {
    const next = drawn.shift();
    if (next === undefined)
      throw new SluiceError("ERR_SELECTION_REFUSED", { reason: "it asks for more than was charged" });
    return next;
  };
  const table = new SelectionTable(parameters, epoch, groups);
  const server = await SelectionServer.open({ table, caller, register: ASKED_BEFORE, noise });
  await server.select(selection);
  return await server.answer(request);
}
