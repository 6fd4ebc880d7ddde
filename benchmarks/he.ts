/** Suite `he`: computing on values that stay hidden.
 *  @module */
import { aggregateRows } from "./he/aggregate-rows.ts";
import type { Suite } from "./suite.ts";

/** The suite. */
export const suite: Suite = {
  name: "he",
  note:
    "`aggregate-histogram-3x1000` and `-10x1000` add up a histogram of a thousand cells over three and ten domains under double masks: " +
    "processor time of all parties and the relay, and bytes that one party sends and receives. Each sum is compared with plain addition.",
  chinese: [
    ["aggregate-histogram-3x1000 traffic", "aggregate-histogram-3x1000 往返字节"],
    ["aggregate-histogram-10x1000 traffic", "aggregate-histogram-10x1000 往返字节"],
    ["aggregate-histogram-3x1000", "aggregate-histogram-3x1000 三方直方图"],
    ["aggregate-histogram-10x1000", "aggregate-histogram-10x1000 十方直方图"],
    ["bytes/party", "字节/方"],
    ["ms", "毫秒"],
  ],
  async run(progress) {
    return await aggregateRows(progress);
  },
};
