/** Suite `he`: computing on values that stay hidden, beside what SEAL takes for the usual alternative in the same run.
 *  @module */
import { aggregateRows } from "./he/aggregate-rows.ts";
import { hiddenRows } from "./he/hidden-rows.ts";
import { joinSumRows } from "./he/join-sum-rows.ts";
import { linearRows } from "./he/linear-rows.ts";
import { selectionRows } from "./he/selection-rows.ts";
import type { Row, Suite } from "./suite.ts";

/** The suite. */
export const suite: Suite = {
  name: "he",
  note:
    "`score-linear-32x4096` is a whole request in one worker, from frame to frame, with parsing; `node-seal degree-3 sigmoid` approximates the probability of the same " +
    "rows under encryption (CKKS, N = 8192), where ours leaves the link to the caller. `score-linear-upload` is what an encrypted value takes in a request. " +
    "`score-linear-workers2` answers 64 requests, made beforehand, on two threads. Results are compared with plain arithmetic. " +
    "`score-hidden16-32x4096` is a whole request to a private model of 16 square units in one thread (CKKS, N = 16384), with noise; its peer is the sum of SEAL's operations " +
    "of the same circuit, each measured alone: 512 products with encoded weights among them, which ours replaces by sums of whole multiples. " +
    "`aggregate-histogram-3x1000` and `-10x1000` add up a histogram of a thousand cells over three and ten domains under double masks: " +
    "processor time of all parties and the relay, and bytes that one party sends and receives. Each sum is compared with plain addition. " +
    "`join-sum-1M-he` sums a million encrypted values over those that match, both roles on one thread, without the matching itself. " +
    "`selection-100` and `selection-1000` are a hidden selection over so many groups: the caller encrypts and proves it, the domain verifies it once, and answers each measure with an encrypted sum, " +
    "which the caller opens within ±10^6, table included; for information.",
  chinese: [
    ["score-linear-32x4096", "score-linear-32x4096 线性评分"],
    ["score-linear-upload", "score-linear-upload 上传"],
    ["score-linear-workers2", "score-linear-workers2 双线程"],
    ["score-hidden16-32x4096", "score-hidden16-32x4096 私有隐藏层模型"],
    ["sum of its primitive operations", "各基本运算之和"],
    ["node-seal degree-3 sigmoid", "node-seal 三次 sigmoid"],
    ["one worker", "单线程"],
    ["bytes/value", "字节/值"],
    ["µs/row", "微秒/行"],
    ["rows/s", "行/秒"],
    ["aggregate-histogram-3x1000 traffic", "aggregate-histogram-3x1000 往返字节"],
    ["aggregate-histogram-10x1000 traffic", "aggregate-histogram-10x1000 往返字节"],
    ["aggregate-histogram-3x1000", "aggregate-histogram-3x1000 三方直方图"],
    ["aggregate-histogram-10x1000", "aggregate-histogram-10x1000 十方直方图"],
    ...[100, 1_000].flatMap((count): [string, string][] => [
      [`selection-${count} select`, `selection-${count} 加密选择并证明`],
      [`selection-${count} verify`, `selection-${count} 核验证明`],
      [`selection-${count} sum`, `selection-${count} 密文求和`],
      [`selection-${count} open`, `selection-${count} 解密`],
      [`selection-${count} upload`, `selection-${count} 上传`],
    ]),
    ["bytes/party", "字节/方"],
    ["bytes", "字节"],
    ["join-sum-1M-he traffic", "join-sum-1M-he 上传"],
    ["join-sum-1M-he", "join-sum-1M-he 求交求和（密态部分）"],
    ["seconds", "秒"],
    ["ms", "毫秒"],
  ],
  async run(progress) {
    const rows: Row[] = [];
    rows.push(...(await linearRows(progress)));
    rows.push(...(await hiddenRows(progress)));
    rows.push(...(await aggregateRows(progress)));
    rows.push(...(await selectionRows(progress)));
    rows.push(...(await joinSumRows(progress)));
    return rows;
  },
};
