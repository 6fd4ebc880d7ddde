export { createWorkshop, type GuardedOutcome, type GuardedRun, type Workshop } from "./workshop.ts";
