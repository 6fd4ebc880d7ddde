/** Suite `sandbox`: what it costs to run a job behind every layer, and what hostile jobs cost those who run them. The
 *  rows are in the files of the folder of this name; `ROWS=compute,data` runs those groups only.
 *  @module */
import { computeRows } from "./sandbox/compute-rows.ts";
import { dataRows } from "./sandbox/data-rows.ts";
import { hostileRows } from "./sandbox/hostile-rows.ts";
import { jobRows } from "./sandbox/job-rows.ts";
import { scoreRows } from "./sandbox/score-rows.ts";
import type { Row, Suite } from "./suite.ts";

/** Groups of rows, each in a file of its own. */
const GROUPS: Readonly<Record<string, (progress: (line: string) => void) => Promise<Row[]>>> = {
  job: jobRows,
  compute: computeRows,
  data: dataRows,
  hostile: hostileRows,
  score: scoreRows,
};

/** The suite. */
export const suite: Suite = {
  name: "sandbox",
  note:
    "Every job runs behind every layer that works on the machine. `job-warm` and `job-cold` are an empty job from its " +
    "submission to its result, with a process that waits for it and without. `data-in` is from the domain's memory through the " +
    "broker to the first read inside the isolate; `hostile-1000` is by how much the process that runs hostile jobs grew.",
  chinese: [
    ["bare `node -e 0` child", "裸 `node -e 0` 子进程"],
    ["plain Node", "普通 Node"],
    ["the same bytes through a pipe", "同样的字节经一条管道"],
    ["rows/s", "行/秒"],
  ],
  async run(progress) {
    const wanted = process.env["ROWS"]?.split(",");
    const rows: Row[] = [];
    for (const [name, group] of Object.entries(GROUPS)) {
      if (wanted !== undefined && !wanted.includes(name)) continue;
      rows.push(...(await group(progress)));
    }
    return rows;
  },
};
