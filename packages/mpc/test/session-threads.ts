/** Roles for the tests of threads: blocks, and roles that go wrong. @module */
import { SluiceError, type Session } from "@sluice/protocol";
import { serveRoles } from "../src/session/session-thread.ts";
import { BlocksRole, type BlocksPlan } from "./session-blocks.ts";

const going = (step: () => never): Session => ({ step: async () => step() });

serveRoles({
  blocks: (input) => new BlocksRole(1, input as BlocksPlan),
  refusing: () =>
    going(() => {
      throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: 7 });
    }),
  faulty: () =>
    going(() => {
      throw new Error("a value of data");
    }),
  dying: () => going(() => process.exit(3)),
  endless: () =>
    going(() => {
      for (;;);
    }),
  unmade: () => {
    throw new SluiceError("ERR_OPRF_INPUT", { reason: "test" });
  },
});
