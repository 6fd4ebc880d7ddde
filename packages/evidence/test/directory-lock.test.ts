import { spawnSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lockDirectory } from "../src/index.ts";
import { inDirectory } from "./log-fixture.ts";

const ENTRY = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** What another process sees when it takes the lock: `free`, or the code and holder of its refusal. */
function fromAnotherProcess(directory: string, then = ""): string {
  const script = `const { lockDirectory } = await import(${JSON.stringify(ENTRY)});
    try { await lockDirectory(${JSON.stringify(directory)}); process.stdout.write("free"); ${then} }
    catch (error) { process.stdout.write(error.code + " " + error.details.pid); }`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout;
}

test("keeps every other process out while it is held, and names the holder", async () => {
  await inDirectory(async (directory) => {
    const lock = await lockDirectory(directory);
    expect(fromAnotherProcess(directory)).toBe(`ERR_DIRECTORY_LOCKED ${process.pid}`);
    lock.release();
    expect(fromAnotherProcess(directory)).toBe("free");
  });
});

test("keeps this process out as well, also under another name of the directory", async () => {
  await inDirectory(async (directory) => {
    const alias = join(directory, "..", `${directory.split("/").pop() ?? ""}-alias`);
    await symlink(directory, alias);
    using lock = await lockDirectory(directory);
    for (const name of [directory, alias]) {
      await expect(lockDirectory(name)).rejects.toMatchObject({
        code: "ERR_DIRECTORY_LOCKED",
        details: { directory: name, pid: String(process.pid) },
      });
    }
    lock.release();
    lock.release();
    const again = await lockDirectory(alias);
    again.release();
  });
});

test("a process that was killed leaves the directory free", async () => {
  await inDirectory(async (directory) => {
    expect(fromAnotherProcess(directory, `process.kill(process.pid, "SIGKILL");`)).toMatch(/^(free)?$/);
    using lock = await lockDirectory(directory);
    expect(lock).toBeDefined();
  });
});

test("creates the directory, and tells when it cannot be written", async () => {
  await inDirectory(async (directory) => {
    const lock = await lockDirectory(join(directory, "new/deep"));
    lock.release();
    await writeFile(join(directory, "file"), "");
    await expect(lockDirectory(join(directory, "file/below"))).rejects.toMatchObject({
      code: "ERR_DIRECTORY_UNWRITABLE",
    });
    await expect(lockDirectory(join(directory, "file"))).rejects.toMatchObject({ code: "ERR_DIRECTORY_UNWRITABLE" });
  });
});
