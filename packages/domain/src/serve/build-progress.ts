/** What a run tells of a long build: the stage, and how far it is in coarse steps.
 *  @module */
import type { BuildProgress } from "@sluice/mpc/lookup/server";
import type { JobEvent } from "@sluice/protocol";

/** A step of what is told: finer ones would fill the events of a run, and tell when each chunk ended. */
const STEP_PERCENT = 5;

/** Share of the whole that is done when a stage begins; deriving takes nearly all the time. */
const BEGINS_PERCENT = {
  checking: 0,
  deriving: 5,
  arranging: 85,
  placing: 90,
  solving: 90,
  hint: 95,
} as const satisfies Record<BuildProgress["stage"], number>;

/** Passes progress on as events of the run: one for each stage and each step. */
export function tellProgress(onEvent: (event: JobEvent) => void): (progress: BuildProgress) => void {
  let stage: BuildProgress["stage"] | undefined;
  let told = 0;
  return (progress) => {
    if (progress.stage !== stage) onEvent({ kind: "log", line: `index: ${progress.stage}` });
    stage = progress.stage;
    const percent = percentOf(progress);
    if (percent > told) onEvent({ kind: "progress", percent });
    told = Math.max(told, percent);
  };
}

function percentOf({ stage, done, total }: BuildProgress): number {
  const begins = BEGINS_PERCENT[stage];
  if (stage !== "deriving") return begins;
  const share = (BEGINS_PERCENT.arranging - begins) * (done / total);
  return begins + Math.floor(share / STEP_PERCENT) * STEP_PERCENT;
}
