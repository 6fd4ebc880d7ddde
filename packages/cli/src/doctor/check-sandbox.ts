/** The sandbox: its engine, the program and the kernel feature behind namespaces, and each layer by trial.
 *  @module */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { isSluiceError } from "@sluice/protocol";
import type { SandboxLayer } from "@sluice/sandbox";
import { failure, warning, well, type Finding } from "./finding.ts";
import type { Machine } from "./machine.ts";

const LAYER_REMEDIES_ZH: Readonly<Record<SandboxLayer, string>> = {
  isolate: "按锁定的版本安装 isolated-vm",
  process: "允许该用户启动进程",
  permission: "用 `npm start` 启动，它自带支持权限模型的 Node",
  rlimit: "安装 util-linux（提供 prlimit）",
  namespaces: "安装 bubblewrap（bwrap），并允许用户命名空间",
  seccomp: "在 x64 或 arm64 的 Linux 上安装 bubblewrap（bwrap）",
  cgroup: "把一个控制组委派给数据域（见 docs/sandbox.md）：在其 systemd 单元中设置 Delegate=memory pids",
};

/** Checks the sandbox. */
export async function checkSandbox(machine: Machine): Promise<Finding[]> {
  return [await checkBubblewrap(machine), await checkNamespaces(machine), ...(await checkLayers(machine))];
}

async function checkBubblewrap({ env }: Machine): Promise<Finding> {
  for (const directory of (env["PATH"] ?? "").split(delimiter).filter((part) => part !== "")) {
    const file = join(directory, "bwrap");
    try {
      await access(file, constants.X_OK);
      return well("bubblewrap", file);
    } catch {
      // Not there; look on.
    }
  }
  return warning(
    "bubblewrap",
    "there is no bwrap on the PATH",
    "install bubblewrap (apt install bubblewrap, dnf install bubblewrap); without it no system calls are filtered, and without util-linux either a flaw of V8 reaches the network",
    "安装 bubblewrap（apt install bubblewrap 或 dnf install bubblewrap）；缺少它时没有系统调用过滤；若 util-linux 也缺少，V8 的漏洞可触及网络",
  );
}

async function checkNamespaces(machine: Machine): Promise<Finding> {
  const most = await machine.maxUserNamespaces();
  if (most === undefined) return well("namespaces", "the system sets no limit that can be read");
  if (most > 0) return well("namespaces", "allowed");
  return warning(
    "namespaces",
    "the kernel allows no user namespaces",
    "sysctl user.max_user_namespaces=16384 (and kernel.unprivileged_userns_clone=1 on Debian)",
    "执行 sysctl user.max_user_namespaces=16384（Debian 还需 kernel.unprivileged_userns_clone=1）",
  );
}

async function checkLayers({ env }: Machine): Promise<Finding[]> {
  const { checkEngine, createSandboxRunner, LAYER_REMEDIES, PRODUCTION_LAYERS, SANDBOX_LAYERS } =
    await import("@sluice/sandbox");
  let version = "";
  try {
    ({ version } = checkEngine());
    const runner = await createSandboxRunner({ searchPath: env["PATH"] ?? "" });
    try {
      const found = await runner.layers();
      return [
        well("engine", `${version}, runs a job`),
        ...SANDBOX_LAYERS.map((layer) =>
          found.includes(layer)
            ? well("layer", layer)
            : warning(
                "layer",
                PRODUCTION_LAYERS.includes(layer)
                  ? `${layer} is missing: no production job runs`
                  : `${layer} is missing`,
                LAYER_REMEDIES[layer],
                LAYER_REMEDIES_ZH[layer],
              ),
        ),
      ];
    } finally {
      await runner.close();
    }
  } catch (error) {
    const why = isSluiceError(error) ? error.message : "it does not start";
    return [
      failure(
        "engine",
        `${version} ${why}`.trim(),
        "install isolated-vm as pinned: run `npm start` once",
        "按锁定的版本安装 isolated-vm：运行一次 `npm start`",
      ),
    ];
  }
}
