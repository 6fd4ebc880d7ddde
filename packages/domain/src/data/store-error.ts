/** What the engine's faults become outside the store.
 *  @module */
import { isSluiceError, SluiceError } from "@sluice/protocol";
import { EngineFault } from "./engine.ts";

/** What a reader is told: never the text of the engine. */
export function storeError(error: unknown): unknown {
  if (isSluiceError(error) || !(error instanceof EngineFault)) return error;
  switch (error.kind) {
    case "cancelled":
      return new SluiceError("ERR_CANCELLED");
    case "memory":
      return new SluiceError("ERR_STORE", { reason: "the work needs more memory than the store may use" });
    case "disk":
      return new SluiceError("ERR_STORE", { reason: "there is no room for the table in memory files" });
    case "input":
      return new SluiceError("ERR_STORE", { reason: "a stored table cannot be read" });
  }
}
