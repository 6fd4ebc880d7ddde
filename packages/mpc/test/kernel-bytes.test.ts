/** What is loaded is what was compiled, and what was compiled is what stands in the source. @module */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { FILTER_KERNEL } from "../src/kernel/filter-kernel-bytes.ts";
import { PLAIN_KERNEL, SHARED_KERNEL } from "../src/kernel/kernel-bytes.ts";
import { LINEAR_KERNEL } from "../src/kernel/linear-kernel-bytes.ts";
import { OPRF_KERNEL } from "../src/kernel/oprf-kernel-bytes.ts";
import { PSI_KERNEL } from "../src/kernel/psi-kernel-bytes.ts";

const run = promisify(execFile);
const KERNEL_FOLDER = join(import.meta.dirname, "../src/kernel");
const FILES = [
  "lookup-kernel.wasm",
  "lookup-kernel-shared.wasm",
  "oprf-kernel.wasm",
  "filter-kernel.wasm",
  "psi-kernel.wasm",
  "linear-kernel.wasm",
] as const;

test("the bytes that loaders embed are those of the binaries", async () => {
  const binaries = await Promise.all(FILES.map((name) => readFile(join(KERNEL_FOLDER, name), "base64")));
  expect([PLAIN_KERNEL, SHARED_KERNEL, OPRF_KERNEL, FILTER_KERNEL, PSI_KERNEL, LINEAR_KERNEL]).toEqual(binaries);
});

test.runIf(process.env["SLOW"] === "1")("the binaries are rebuilt byte for byte from source and lockfile", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-kernels-"));
  try {
    await cp(join(import.meta.dirname, "../wasm"), folder, {
      recursive: true,
      filter: (path) => !path.includes("node_modules"),
    });
    await run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
    await run(process.execPath, ["build.mjs", folder], { cwd: folder });
    for (const name of [
      ...FILES,
      "kernel-bytes.ts",
      "oprf-kernel-bytes.ts",
      "filter-kernel-bytes.ts",
      "psi-kernel-bytes.ts",
      "linear-kernel-bytes.ts",
    ]) {
      expect(await readFile(join(folder, name), "hex")).toBe(await readFile(join(KERNEL_FOLDER, name), "hex"));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
