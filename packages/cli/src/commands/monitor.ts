/** `sluice monitor URL`
 *  @module */
import { setTimeout as delay } from "node:timers/promises";
import type { LogFinding, LogIdentity } from "@sluice/evidence/verify";
import { usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { visibleLines } from "../officer/visible-text.ts";
import { keyOption, sm2KeyOption } from "../words.ts";

const DEFAULT_INTERVAL_S = 60;

/** Follows a log. */
export const monitor: Command = {
  path: ["monitor"],
  summary: "follow the log at URL: does what it shows continue what it showed before?",
  positionals: ["URL"],
  options: {
    once: { description: "look once" },
    state: { value: "FILE", description: "keeps the last checkpoint from one look to the next" },
    origin: { value: "ORIGIN", description: "name of the log; the state file remembers it" },
    "log-key": { value: "KEYID", description: "key that signs its checkpoints; the state file remembers it" },
    "log-sm2-key": { value: "KEYID", description: "key of the SM2 line, which must then be there; remembered as well" },
    interval: { value: "SECONDS", description: `time between looks (default ${DEFAULT_INTERVAL_S})` },
    json: { description: "print one JSON document for each look" },
  },
  notes:
    "URL is where the log's checkpoint lies, without /checkpoint: http://GATEWAY/log for a gateway. Exit code 1 when the\n" +
    "log forked, lost entries or went back: both checkpoints are printed, keep them, they are the proof. A log that does\n" +
    "not answer is reported, and ends the command with 1 only together with --once.",
  async run(args, io) {
    const url = args.positional(0);
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) throw usage("URL expected an http or https address");
    const intervalMs = (args.integer("interval", 1, 86_400) ?? DEFAULT_INTERVAL_S) * 1_000;
    const { logOverHttp, lookAtLog } = await import("@sluice/evidence/verify");
    const { writeMonitorState } = await import("../witness/monitor-state.ts");
    const file = args.text("state");
    let { log, seen } = await startingPoint(args, file);
    const read = logOverHttp(url, { fetch, signal: io.signal });
    while (!io.signal.aborted) {
      const finding = await lookAtLog(read, log, seen).catch((error: unknown) => {
        if (io.signal.aborted) return null;
        throw error;
      });
      if (finding === null) break;
      io.stdout.write(
        args.flag("json") ? `${JSON.stringify(documentOf(url, finding))}\n` : formatFinding(url, finding),
      );
      if (finding.kind === "consistent") {
        seen = finding.shown.text;
        if (file !== undefined) await writeMonitorState(file, { version: 1, ...log, checkpoint: seen });
      } else if (finding.kind !== "unreachable") return 1;
      if (args.flag("once")) return finding.kind === "consistent" ? 0 : 1;
      await pause(intervalMs, io);
    }
    return 0;
  },
};

/** The log that is meant, by options or by the state file, which must agree, and what was seen of it. */
async function startingPoint(
  args: Arguments,
  file: string | undefined,
): Promise<{ log: LogIdentity; seen: string | null }> {
  const { readMonitorState } = await import("../witness/monitor-state.ts");
  const kept = file === undefined ? null : await readMonitorState(file);
  const sm2Key = sm2KeyOption(args, "log-sm2-key");
  if (kept === null) {
    const log = { origin: args.required("origin"), logKey: keyOption(args, "log-key"), logSm2Key: sm2Key };
    return { log, seen: null };
  }
  const { origin, logKey, logSm2Key, checkpoint } = kept;
  if ((args.text("origin") ?? origin) !== origin || (args.text("log-key") ?? logKey) !== logKey) {
    throw usage(`the state file ${file} is of the log ${origin} with the key ${logKey}`);
  }
  if ((sm2Key ?? logSm2Key) !== logSm2Key) {
    throw usage(
      `the state file ${file} is of a log with ${logSm2Key === undefined ? "no SM2 key" : `the SM2 key ${logSm2Key}`}`,
    );
  }
  return { log: { origin, logKey, logSm2Key }, seen: checkpoint };
}

async function pause(ms: number, io: CommandIo): Promise<void> {
  await delay(ms, undefined, { signal: io.signal }).catch(() => undefined); // an interrupt ends the wait
}

function documentOf(url: string, finding: LogFinding): object {
  if (finding.kind !== "consistent") return { url, ...finding };
  const { shown, newEntries, pruned } = finding;
  const note = pruned === undefined ? {} : { firstKept: pruned.firstKept, prunedAt: pruned.at.toISOString() };
  return { url, kind: finding.kind, size: shown.size, newEntries, ...note, shown: shown.text };
}

function formatFinding(url: string, finding: LogFinding): string {
  switch (finding.kind) {
    case "consistent": {
      const { shown, newEntries, pruned } = finding;
      const kept =
        pruned === undefined
          ? ""
          : `, pruned at ${pruned.at.toISOString()}: entries before ${pruned.firstKept} are no longer kept`;
      return `${url}: ${shown.size} entries, ${newEntries} new, consistent${kept}\n`;
    }
    case "unreachable":
      return `${url}: does not answer with a checkpoint\n`;
    case "fork":
      return `${url}: FORK: no one log has both of these checkpoints\n${both(finding)}`;
    case "rollback":
      return `${url}: ROLLBACK: the log has fewer entries than before\n${both(finding)}`;
    case "truncation":
      return `${url}: TRUNCATION: ${finding.reason}\n${both(finding)}`;
    case "unsigned":
      return `${url}: UNSIGNED: what it shows is no checkpoint that the log's key signed\n${both(finding)}`;
  }
}

function both({ seen, shown }: { seen: string | null; shown: string }): string {
  return `--- seen before\n${visibleLines(seen ?? "nothing\n")}--- shown now\n${visibleLines(shown)}---\n`;
}
