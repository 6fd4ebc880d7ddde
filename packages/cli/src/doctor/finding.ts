/** What the doctor finds: one fact with its verdict, and what to do where it is not well.
 *  @module */

/** Words for operators, in both languages. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

/** Verdict on a fact: well; works, with something to know; does not work. */
export type Verdict = "ok" | "warning" | "failure";

/** One finding. */
export interface Finding {
  /** Stable name of the check, for `--json`. */
  readonly check: string;
  readonly verdict: Verdict;
  /** What was found: names, sizes and versions, never a value of data. */
  readonly fact: string;
  /** What to do. Absent when all is well. */
  readonly remedy?: Words;
}

/** What was looked at, in both languages, by the name of the check. */
export const CHECK_LABELS = {
  node: { en: "Node", zh: "Node 版本" },
  platform: { en: "platform", zh: "平台" },
  memory: { en: "memory", zh: "内存" },
  files: { en: "open files", zh: "文件句柄" },
  locale: { en: "locale", zh: "字符编码" },
  engine: { en: "isolated-vm", zh: "沙箱引擎" },
  bubblewrap: { en: "bubblewrap", zh: "隔离程序" },
  namespaces: { en: "namespaces", zh: "命名空间" },
  layer: { en: "layer", zh: "隔离层" },
  duckdb: { en: "data engine", zh: "数据引擎" },
  "memory-files": { en: "RAM files", zh: "内存文件" },
  swap: { en: "swap", zh: "交换分区" },
  database: { en: "database", zh: "数据库" },
  directory: { en: "directory", zh: "目录" },
  keys: { en: "keys", zh: "密钥" },
  pins: { en: "pins", zh: "信任公钥" },
  disk: { en: "disk", zh: "磁盘" },
  port: { en: "port", zh: "端口" },
  clock: { en: "clock", zh: "时钟" },
  lease: { en: "lease", zh: "状态租约" },
  standing: { en: "standing", zh: "运行状态" },
} as const satisfies Record<string, Words>;

/** Name of a check. */
export type CheckName = keyof typeof CHECK_LABELS;

/** All is well. */
export function well(check: CheckName, fact: string): Finding {
  return { check, verdict: "ok", fact };
}

/** It works; the operator should know. */
export function warning(check: CheckName, fact: string, en: string, zh: string): Finding {
  return { check, verdict: "warning", fact, remedy: { en, zh } };
}

/** It does not work. */
export function failure(check: CheckName, fact: string, en: string, zh: string): Finding {
  return { check, verdict: "failure", fact, remedy: { en, zh } };
}
