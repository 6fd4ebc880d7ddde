import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { checkEngine } from "../src/index.ts";
import { childFile, launchCommand, startProcess } from "../src/launch.ts";
import { probeKernelLayers } from "../src/probe.ts";

const engine = checkEngine();

test.each([
  ["as the user it runs as", {}],
  // As root outside, the namespaces alone must hold it.
  ["as the user of these tests", { userId: process.getuid?.() ?? 0 }],
])(
  "holds a process that left its isolate, %s: no file, no socket, no program, no other process",
  async (_name, user) => {
    const { wrappers, layers } = await probeKernelLayers(engine);
    if (!layers.includes("namespaces") || !layers.includes("seccomp")) {
      if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error("bwrap is missing");
      process.stdout.write("skipped: bwrap is missing\n");
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), "escape-test-"));
    const path = join(directory, "socket");
    const tcp = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    const unix = createServer((socket) => socket.destroy()).listen(path);
    await Promise.all([once(tcp, "listening"), once(unix, "listening")]);
    try {
      const address = tcp.address();
      const port = typeof address === "object" ? String(address?.port) : "";
      const command = launchCommand(
        { ...wrappers, ...user },
        {
          script: "probe",
          addonFile: engine.addonFile,
          argument: "127.0.0.1",
          addressSpaceBytes: 4 * 2 ** 30,
          cpuSeconds: 10,
        },
      );
      const script = fileURLToPath(new URL("./fixtures/escaped.mjs", import.meta.url));
      const args = [...command.args.map((arg) => (arg === childFile("probe.mjs") ? script : arg)), port, path];
      const child = startProcess({ ...command, args });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      await once(child, "close");
      const found = JSON.parse(text) as {
        attempts: Record<string, string>;
        environment: string[];
        processes: string[];
        root: string[];
      };
      expect(Object.entries(found.attempts).filter(([, outcome]) => outcome === "ok")).toEqual([]);
      expect(Object.keys(found.attempts)).toHaveLength(23);
      expect(found.environment.filter((name) => !["PWD", "LD_LIBRARY_PATH"].includes(name))).toEqual([]);
      expect(found.processes).toEqual(["1"]);
      expect(found.root.filter((name) => !["lib", "lib64", "proc", "sluice", "usr"].includes(name))).toEqual([]);
    } finally {
      tcp.close();
      unix.close();
      await rm(directory, { recursive: true });
    }
  },
);
