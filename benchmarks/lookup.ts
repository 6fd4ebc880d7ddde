/** Suite `lookup`: how near a private lookup comes to the speed of memory, what threads and batches bring, and how fast a hint
 *  is built. Scans are of random databases in the size and shape of real ones: a scan takes the same time whatever they hold.
 *  @module */
import { buildRows } from "./lookup/build-rows.ts";
import { e2eRows } from "./lookup/e2e-rows.ts";
import { hintRow } from "./lookup/hint-row.ts";
import { oprfRows } from "./lookup/oprf-rows.ts";
import { batchRow, scanRow, workersRow } from "./lookup/scan-rows.ts";
import { openSynthetic } from "./lookup/synthetic-database.ts";
import type { Row, Suite } from "./suite.ts";

const SLOW = process.env["SLOW"] === "1";
/** Pairs of measurements behind a ratio. */
const PAIRS = SLOW ? 21 : 7;
/** Records of 64 bytes. */
const RECORDS = 3_000_000;
const PAYLOAD_BYTES = 64;

/** The suite. */
export const suite: Suite = {
  name: "lookup",
  note:
    "3 million records of 64 bytes, with their tags and the filters' free slots. `wasm-simd-read` reads the same bytes once, in four " +
    "streams, on one core. `hint-build` multiplies bytes with words. `oprf-batch` is blind evaluation with one proof for " +
    "a batch, per second of one core. `build-64k` builds an index of 65,536 rows on two threads, from rows to hint, and is extrapolated " +
    "to a million. `lookup-e2e-1M-64B` is one lookup from the key to the value, both calls through a pool of two threads and no " +
    "network, with the client's query made ahead; `-unprepared` has that work inside, `-prepare` is the work alone, `-decode` the client's last step.",
  chinese: [
    ["lookup-scan-3M-64B-workers2", "lookup-scan-3M-64B-workers2 两线程扫描"],
    ["lookup-batch4", "lookup-batch4 四个查询合并扫描"],
    ["hint-build", "hint-build 构建提示"],
    ["oprf-batch", "oprf-batch 批量求值"],
    ["evaluations/s", "次求值/秒"],
    ["s per million rows", "秒/百万行"],
    ["lookup-e2e-1M-64B-unprepared", "lookup-e2e-1M-64B-unprepared 未预备"],
    ["bytes", "字节"],
    ["single query", "单个查询"],
    ["one worker", "单线程"],
    ["plain TypeScript", "普通 TypeScript"],
  ],
  async run(progress) {
    progress("opening a database");
    const synthetic = openSynthetic(RECORDS, PAYLOAD_BYTES);
    const rows: Row[] = [];
    progress("scans");
    rows.push(await scanRow(synthetic, PAIRS));
    rows.push(await workersRow(synthetic, PAIRS));
    rows.push(await batchRow(synthetic, PAIRS));
    progress("hint");
    rows.push(await hintRow(PAIRS));
    rows.push(...(await oprfRows(progress)));
    rows.push(...(await buildRows(progress)));
    rows.push(...(await e2eRows(progress)));
    return rows;
  },
};
