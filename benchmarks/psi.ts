/** Suite `psi`: private set intersection, both parties' processor time per item of the caller's list, beside a published library
 *  whose cost per item is measured in the same run.
 *  @module */
import { balancedRows, GROWTH } from "./psi/balanced-rows.ts";
import { cardinalityRows } from "./psi/cardinality-rows.ts";
import { unbalancedRows } from "./psi/unbalanced-rows.ts";
import type { Row, Suite } from "./suite.ts";

/** The suite. */
export const suite: Suite = {
  name: "psi",
  note:
    "Microseconds of processor time of both parties together, per item of the caller's list; the domain's set has as many. " +
    "`psi-cardinality-2^16` counts half of 65,536 entries, with noise (ε = 0.5), from plain entries to the count, the domain's preparation inside. " +
    "`psi-balanced-2^20` intersects a million entries with a million, secure against a caller that does not follow the protocol, from plain entries to " +
    "the matches; `unchecked` is the same without the check, and peak memory that of one process with both parties. " +
    "`psi-unbalanced-10k-3M` asks for 10,000 entries against the filter of three million, online phases alone, on both sides of the comparison; what a domain does beforehand for an entry " +
    "is `set-up`, measured with 65,536. The filter is fitted to 5,000 outputs of the list's entries and to uniform bytes in place of the other outputs. " +
    "`@openmined/psi.js` does the same with its own cardinality, raw data structure, at 2^12 per item.",
  chinese: [
    ...GROWTH.flatMap((exponent): (readonly [string, string])[] => [
      [`psi-balanced-2^${exponent} traffic`, `psi-balanced-2^${exponent} 往返字节`],
      [`psi-balanced-2^${exponent} peak memory`, `psi-balanced-2^${exponent} 内存峰值`],
    ]),
    ["psi-balanced-2^20 caller", "psi-balanced-2^20 使用方"],
    ["psi-balanced-2^20 domain", "psi-balanced-2^20 数据域"],
    ["psi-balanced-2^20 unchecked", "psi-balanced-2^20 无校验"],
    ["psi-balanced-2^20 traffic", "psi-balanced-2^20 往返字节"],
    ["psi-balanced-2^20 peak memory", "psi-balanced-2^20 内存峰值"],
    ["psi-balanced-2^20", "psi-balanced-2^20 平衡求交"],
    ["psi-cardinality-2^16 traffic", "psi-cardinality-2^16 往返字节"],
    ["psi-cardinality-2^16 peak memory", "psi-cardinality-2^16 内存峰值"],
    ["psi-cardinality-2^16", "psi-cardinality-2^16 计数"],
    ["psi-unbalanced-10k-3M caller", "psi-unbalanced-10k-3M 使用方"],
    ["psi-unbalanced-10k-3M domain", "psi-unbalanced-10k-3M 数据域"],
    ["psi-unbalanced-10k-3M traffic", "psi-unbalanced-10k-3M 往返字节"],
    ["psi-unbalanced-10k-3M filter", "psi-unbalanced-10k-3M 过滤器"],
    ["psi-unbalanced-10k-3M peak memory", "psi-unbalanced-10k-3M 内存峰值"],
    ["psi-unbalanced-10k-3M set-up", "psi-unbalanced-10k-3M 预处理"],
    ["psi-unbalanced-10k-3M", "psi-unbalanced-10k-3M 非平衡求交（在线）"],
    ["bytes/item", "字节/条"],
    ["µs/item", "微秒/条"],
  ],
  async run(progress) {
    const rows: Row[] = [];
    rows.push(...(await balancedRows(progress)));
    rows.push(...(await unbalancedRows(progress)));
    rows.push(...(await cardinalityRows(progress)));
    return rows;
  },
};
