/** Node, platform, memory, open files, character encoding.
 *  @module */
import { isNodeSupported } from "../node-version.ts";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const GIGABYTE = 2 ** 30;
/** DuckDB takes 1 GiB and a third more, a job 512 MiB and Node beside it. */
const NEEDED_MEMORY_BYTES = 2 * GIGABYTE;
const GOOD_MEMORY_BYTES = 4 * GIGABYTE;
/** Log tiles, tables, sockets of callers and workers. */
const NEEDED_OPEN_FILES = 1_024;
const GOOD_OPEN_FILES = 4_096;
const PLATFORMS: readonly string[] = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"];

/** Checks the machine itself. */
export function checkMachine(machine: Machine): Finding[] {
  return [checkNode(machine), checkPlatform(machine), checkMemory(machine), checkFiles(machine), checkLocale(machine)];
}

function checkNode({ nodeVersion }: Machine): Finding {
  if (isNodeSupported(nodeVersion)) return well("node", nodeVersion);
  const fact = `${nodeVersion}; 24 or later is needed`;
  return failure(
    "node",
    fact,
    "start through `npm start`, which brings its own Node",
    "用 `npm start` 启动，它自带所需的 Node",
  );
}

function checkPlatform({ platform, architecture }: Machine): Finding {
  const fact = `${platform} ${architecture}`;
  if (platform === "linux" && PLATFORMS.includes(`${platform}-${architecture}`)) return well("platform", fact);
  if (PLATFORMS.includes(`${platform}-${architecture}`)) {
    return warning(
      "platform",
      `${fact}; namespaces and system-call filters exist on Linux only`,
      "develop here; run domains that hold real rows on Linux",
      "此机可用于开发；存放真实数据的数据域请部署在 Linux 上",
    );
  }
  return failure("platform", `${fact} is not tried`, "use Linux on x64 or arm64", "请使用 x64 或 arm64 的 Linux");
}

function checkMemory(machine: Machine): Finding {
  const bytes = machine.memoryBytes();
  const fact = `${(bytes / GIGABYTE).toFixed(1)} GiB`;
  if (bytes >= GOOD_MEMORY_BYTES) return well("memory", fact);
  const en = "give the machine or the container at least 4 GiB: the data engine alone may take 1.3 GiB";
  const zh = "请为机器或容器分配至少 4 GiB 内存：仅数据引擎就可能占用 1.3 GiB";
  return bytes >= NEEDED_MEMORY_BYTES ? warning("memory", fact, en, zh) : failure("memory", fact, en, zh);
}

function checkFiles(machine: Machine): Finding {
  const limit = machine.openFilesLimit();
  if (limit === undefined || limit >= GOOD_OPEN_FILES) return well("files", String(limit ?? "no limit"));
  const en = `raise the limit: \`ulimit -n ${GOOD_OPEN_FILES}\`, or LimitNOFILE= of the service`;
  const zh = `提高上限：\`ulimit -n ${GOOD_OPEN_FILES}\`，或设置服务的 LimitNOFILE=`;
  return limit >= NEEDED_OPEN_FILES ? warning("files", String(limit), en, zh) : failure("files", String(limit), en, zh);
}

function checkLocale({ env }: Machine): Finding {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => value !== undefined && value !== "");
  if (locale !== undefined && /utf-?8/i.test(locale)) return well("locale", locale);
  return warning(
    "locale",
    locale ?? "none is set",
    "set LANG=C.UTF-8, or Chinese names may not show; files are read as UTF-8 either way",
    "设置 LANG=C.UTF-8，否则中文可能无法显示；文件始终按 UTF-8 读取",
  );
}
