/** The clock: kept by somebody, close to the gateway's, and not behind what the domains have already seen.
 *  @module */
import { MAX_CLOCK_SKEW_MS } from "@sluice/protocol";
import type { DataDirectory } from "./data-directory.ts";
import { readState } from "./domain-state.ts";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const GATEWAY_TIMEOUT_MS = 5_000;
/** The Date header has whole seconds. */
const GOOD_SKEW_MS = 2_000;
const SET_CLOCK = {
  en: "let chrony, ntpd or systemd-timesyncd keep the clock; never set it back by hand",
  zh: "用 chrony、ntpd 或 systemd-timesyncd 校时；切勿手工拨回",
} as const;

/** Checks whether somebody keeps the clock. */
export async function checkSynchronisation(machine: Machine): Promise<Finding> {
  const synchronised = await machine.isClockSynchronised();
  if (synchronised === true) return well("clock", "is synchronised");
  const fact = synchronised === false ? "is not synchronised" : "whether it is synchronised cannot be told here";
  return warning("clock", fact, SET_CLOCK.en, SET_CLOCK.zh);
}

/** Compares with the clock of the gateway at `url`. */
export async function checkGatewayClock(url: string, machine: Machine): Promise<Finding> {
  let response: Response;
  const sentAt = machine.now().getTime();
  try {
    response = await machine.fetch(new URL("/log/checkpoint", url).href, AbortSignal.timeout(GATEWAY_TIMEOUT_MS));
    await response.body?.cancel();
  } catch {
    return failure(
      "clock",
      "the gateway does not answer",
      "see that it runs and that the address is right",
      "确认网关正在运行，且地址正确",
    );
  }
  const saidAt = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(saidAt)) {
    return warning("clock", "the gateway tells no time", "see that the address is a gateway's", "确认该地址是网关");
  }
  // Halfway between question and answer; the header's second, cut off, is half over on average.
  const skewMs = saidAt + 500 - (sentAt + machine.now().getTime()) / 2;
  const fact = `${(Math.abs(skewMs) / 1_000).toFixed(0)} s ${skewMs < 0 ? "ahead of" : "behind"} the gateway`;
  if (Math.abs(skewMs) <= GOOD_SKEW_MS) return well("clock", "agrees with the gateway's to two seconds");
  return Math.abs(skewMs) > MAX_CLOCK_SKEW_MS
    ? failure("clock", fact, `${SET_CLOCK.en}; signed requests are refused`, `${SET_CLOCK.zh}；签名请求会被拒绝`)
    : warning("clock", fact, SET_CLOCK.en, SET_CLOCK.zh);
}

/** Compares with the latest instant that each domain has noted. */
export function checkDomainClocks(data: DataDirectory, machine: Machine): Finding[] {
  return data.homes.flatMap((home) => {
    const latest = home.kind === "domain" ? latestInstant(home.directory) : undefined;
    if (latest === undefined) return [];
    const behindMs = latest.getTime() - machine.now().getTime();
    const name = home.kind === "domain" && home.config !== null ? `domain ${home.config.domain}` : home.kind;
    if (behindMs <= MAX_CLOCK_SKEW_MS) return [well("clock", `is not behind what ${name} has seen`)];
    return [
      failure(
        "clock",
        `is ${Math.ceil(behindMs / 1_000)} s behind what ${name} has seen (${latest.toISOString()})`,
        `${SET_CLOCK.en}; the domain refuses every use (ERR_CLOCK) until time has caught up`,
        `${SET_CLOCK.zh}；时间追上之前，数据域会拒绝一切使用（ERR_CLOCK）`,
      ),
    ];
  });
}

function latestInstant(directory: string): Date | undefined {
  return readState(directory, (state) => {
    const instant = new Date(String(state.prepare("SELECT latest FROM clock").get()?.["latest"]));
    return Number.isNaN(instant.getTime()) ? undefined : instant;
  });
}
