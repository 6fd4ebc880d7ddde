export {
  createWorkshop,
  type GuardedOutcome,
  type GuardedRun,
  type Workshop,
  type WorkshopOptions,
} from "./workshop.ts";
