/** `sluice job replay RECEIPT`
 *  @module */
import { readFile } from "node:fs/promises";
import type { Replay, ReplayReason } from "@sluice/domain";
import { EvidencedReceipt, Random128, SignedReceipt, SluiceError } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";

/** Exit code when the run cannot be made again. */
const EXIT_CANNOT = 2;

/** Makes the run behind a receipt again. */
export const jobReplay: Command = {
  path: ["job", "replay"],
  summary: "make the run behind a receipt again, where its data is: does it come to what the receipt is over?",
  positionals: ["RECEIPT"],
  options: {
    directory: { value: "DIR", description: "directory of the domain, which must not be running" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "RECEIPT is a file with the receipt, or the id of its call. Same manifest, bundle, params, snapshot and seed, on the same Node, ICU and\n" +
    "kind of processor; nothing is kept or charged. Exit codes: 0 match, 1 mismatch, 2 cannot be replayed, with the reason.\n" +
    "作业复跑：凭收据在数据域本机重跑该次运行，核对结果；退出码 0 一致，1 不一致，2 无法复跑并说明原因；须先停止该数据域。",
  async run(args, io) {
    const directory = args.required("directory");
    const receipt = await readReceipt(args.positional(0));
    const { replayRun } = await import("@sluice/domain");
    const replay = await replayRun(directory, receipt, await stoppedDomainOptions(args, io));
    io.stdout.write(args.flag("json") ? `${JSON.stringify(replay)}\n` : textOf(replay));
    return { match: 0, mismatch: 1, cannot: EXIT_CANNOT }[replay.verdict];
  },
};

/** The receipt in a file: alone, with its proofs, or in a run; or the id that was given. @throws ERR_BODY_INVALID */
async function readReceipt(given: string): Promise<SignedReceipt | string> {
  if (Random128.safeParse(given).success) return given;
  const document: unknown = await readFile(given, "utf8")
    .then(JSON.parse)
    .catch(() => null);
  const inner = typeof document === "object" && document !== null && "receipt" in document ? document.receipt : null;
  for (const candidate of [document, inner]) {
    const evidenced = EvidencedReceipt.safeParse(candidate);
    if (evidenced.success) return evidenced.data.receipt;
    const signed = SignedReceipt.safeParse(candidate);
    if (signed.success) return signed.data;
  }
  throw new SluiceError("ERR_BODY_INVALID", { pointer: "/", expected: "a file with a receipt, or the id of a call" });
}

const REASONS: Readonly<Record<ReplayReason, string>> = {
  "unknown-run": "本数据域没有这次运行 / the domain knows no such run",
  "other-receipt": "收据与本数据域所存不符 / the domain keeps another receipt for this call",
  "not-judged": "运行未到输出守卫 / no output of it reached the guard",
  "no-user-code": "产品由数据域按申报制作，未运行程序 / no user code ran",
  noise: "含随机噪声：沿用原答案，不重新抽取 / noise is reused, never drawn again",
  "not-recorded": "运行早于复跑记录 / it is older than the records that a replay needs",
  "bundle-erased": "作业包已删除 / its bundle is gone",
  "model-erased": "放行的模型已删除 / its released model is gone",
  "source-changed": "数源表已重新导入 / the source table was imported again",
  "other-node": "本机 Node 版本不同 / another Node",
  "other-icu": "本机 ICU 版本不同 / another ICU",
  "other-cpu": "本机处理器不同 / another kind of processor",
  "layer-missing": "本机缺少当时的隔离层 / an isolation layer of then is missing here",
  "sandbox-failed": "本机沙箱出错 / the sandbox failed here",
};

function textOf(replay: Replay): string {
  if (replay.verdict === "cannot") return `${replay.run}\n无法复跑 / cannot replay  ${REASONS[replay.reason]}\n`;
  const words = { match: "一致 / match", mismatch: "不一致 / mismatch" }[replay.verdict];
  const { node, icu, cpu } = replay.runtime;
  return [
    replay.run,
    `结果 / result  ${words}`,
    `当时 / then    ${replay.recorded}`,
    `重跑 / again   ${replay.again ?? "未到输出守卫 / ended before the guard"}`,
    `环境 / on      Node ${node}, ICU ${icu}, ${cpu}`,
    "",
  ].join("\n");
}
