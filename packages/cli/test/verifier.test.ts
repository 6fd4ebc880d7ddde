/** `verify.mjs` and `sluice audit verifier`: one file and Node are enough, and everybody can make the same file.
 *  @module */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { generateSm2Key } from "@sluice/evidence";
import { sha256Hex } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";
import { runVerifier } from "./verifier-program.ts";

/** What a person downloads or keeps beside a folder. */
const MAX_VERIFIER_BYTES = 800_000;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

async function written(): Promise<string> {
  const directory = join(await temporaryDirectory(), "verifier");
  expect((await sluice(["audit", "verifier", "--out", directory])).code).toBe(0);
  return directory;
}

test("`audit verifier` prints the hashes of what it writes, and overwrites nothing", async () => {
  const directory = await written();
  const { stdout } = await sluice(["audit", "verifier"]);
  const lines: string[] = [];
  for (const name of ["verify.mjs", "verify.html"]) {
    const bytes = new Uint8Array(await readFile(join(directory, name)));
    expect(bytes.length).toBeLessThan(MAX_VERIFIER_BYTES);
    lines.push(`${await sha256Hex(bytes)}  ${name}\n`);
  }
  expect(stdout).toBe(lines.join(""));
  const json = JSON.parse((await sluice(["audit", "verifier", "--json"])).stdout) as { files: unknown[] };
  expect(json.files).toHaveLength(2);
  const again = await sluice(["audit", "verifier", "--out", directory]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("verify.mjs exists")]);
});

test("the same sources in another place give the same bytes, which tell no place", async () => {
  const [directory, copy] = [await written(), await temporaryDirectory()];
  for (const name of ["cli", "evidence", "protocol"]) {
    const filter = (path: string): boolean => !path.includes("/dist") && !path.includes("/test");
    await cp(join(ROOT, "packages", name), join(copy, "packages", name), {
      recursive: true,
      verbatimSymlinks: true,
      filter,
    });
  }
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const program = join(copy, "packages/cli/src/verifier/write-verifier.ts");
  await promisify(execFile)(process.execPath, [program], { cwd: "/" });
  for (const name of ["verify.mjs", "verify.html"]) {
    const text = await readFile(join(directory, name), "utf8");
    expect(text === (await readFile(join(copy, "packages/cli/dist/verifier", name), "utf8"))).toBe(true);
    expect(text).not.toContain(ROOT);
    expect(text).not.toMatch(/node_modules|\bsrc\//);
  }
});

test("the program imports Node alone, and verifies receipts that an SM2 key signed", async () => {
  const directory = await temporaryDirectory();
  await writeEvidenceDirectory(directory, 4, await generateSm2Key());
  const program = join(await written(), "verify.mjs");
  const text = await readFile(program, "utf8");
  const imported = [...text.matchAll(/(?:^|;)import\b[^"]*"([^"]+)"/gm)].map(([, name]) => name);
  expect(imported.length).toBeGreaterThan(3);
  expect(imported.filter((name = "") => !isBuiltin(name))).toEqual([]);
  const whole = runVerifier(program, directory);
  expect(whole.stdout).toContain("凭证 receipts: 4 / 4 相符 verified\n");
  expect(whole.stdout).toMatch(/\n全部相符 {2}everything verifies\n$/);
  expect([whole.status, whole.stderr]).toEqual([0, ""]);
  const [name = ""] = await readdir(join(directory, "receipts"));
  const file = join(directory, "receipts", name);
  await writeFile(file, (await readFile(file, "utf8")).replace('"credit-label"', '"other-label"'));
  const changed = runVerifier(program, directory);
  expect(changed.stdout).toContain(`第一个不相符的文件 first failing file: receipts/${name}\n`);
  expect(changed.stdout).toContain("数据域的密钥没有签过这份内容");
  expect(changed.status).toBe(1);
});

test("the program prints its own hash, and says what is wrong with how it was called", async () => {
  const directory = await written();
  const program = join(directory, "verify.mjs");
  const { stdout, stderr, status } = runVerifier(program, directory);
  const hash = await sha256Hex(new Uint8Array(await readFile(program)));
  expect(stdout).toContain(`本程序 this program: SHA-256 ${hash}\n`);
  expect([status, stderr]).toEqual([1, expect.stringContaining("这里没有可核验的资料")]);
  expect(runVerifier(program, directory, "--help").status).toBe(2);
  await mkdir(join(directory, "empty"));
  expect(runVerifier(program, join(directory, "empty")).stderr).toContain("ERR_DIRECTORY_STATE");
});

test("an older Node is told which one is needed", async () => {
  const program = join(await written(), "verify.mjs");
  const text = await readFile(program, "utf8");
  const old = join(await temporaryDirectory(), "verify.mjs");
  await writeFile(old, text.replace("process.versions.node.split", '"18.20.0".split'));
  const { status, stderr } = runVerifier(old, ".");
  expect([status, stderr]).toEqual([1, "需要 Node 20 或更新版本  Node 20 or later is needed\n"]);
});
