export type { GuardedOutcome, GuardedRun } from "./guarded.ts";
export { createWorkshop, type Workshop, type WorkshopOptions } from "./workshop.ts";
