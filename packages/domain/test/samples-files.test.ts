import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Column } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rowsCsv } from "../src/samples/rows-csv.ts";
import { writeWhole } from "../src/samples/whole-file.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-files-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a file is there whole, for its owner alone, and what is to be noted is noted before its first row", async () => {
  const path = join(directory, "a.csv");
  const seen: unknown[] = [];
  function* rows(): Iterable<string> {
    seen.push("a row is asked for");
    yield* ["one,", "two\r\n"];
  }
  await writeWhole(path, rows(), { note: () => void seen.push(readdirSync(directory)) });
  expect(await readFile(path, "utf8")).toBe("one,two\r\n");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["a.csv"]);
  expect(seen).toEqual([[".a.csv.part"], "a row is asked for"]);
});

function* failing(): Iterable<string> {
  yield "row\r\n";
  throw new Error("no more rows");
}

test.each<[string, (path: string) => Promise<void>, string]>([
  ["rows that end in an error", (path) => writeWhole(path, failing()), "ERR_DIRECTORY_UNWRITABLE"],
  ["an abort", (path) => writeWhole(path, ["row"], { signal: AbortSignal.abort() }), "ERR_CANCELLED"],
  [
    "a note that cannot be put down",
    (path) =>
      writeWhole(path, ["row"], {
        note: () => {
          throw new Error("disk full");
        },
      }),
    "ERR_DIRECTORY_UNWRITABLE",
  ],
  ["a directory that is not there", (path) => writeWhole(join(path, "none", "x"), ["row"]), "ERR_DIRECTORY_UNWRITABLE"],
])("%s leaves nothing behind", async (_, write, code) => {
  await expect(write(join(directory, "rows.csv"))).rejects.toMatchObject({ code });
  expect(await readdir(directory)).toEqual([]);
});

test("it takes nobody's place", async () => {
  const path = join(directory, "kept");
  await writeFile(path, "kept");
  const note = (): never => expect.fail("nothing is noted of what is not written");
  await expect(writeWhole(path, ["other"], { note })).rejects.toMatchObject({ code: "ERR_USAGE" });
  expect(await readFile(path, "utf8")).toBe("kept");
  expect(await readdir(directory)).toEqual(["kept"]);
});

/** Runs `body` in a process of its own, after the words of `before`, with `writeWhole` and the file's `path`. */
async function inChild(body: string, ...before: string[]): Promise<{ stdout: string; signal: string | null }> {
  const module = new URL("../src/samples/whole-file.ts", import.meta.url).href;
  const script = `import { writeWhole } from ${JSON.stringify(module)}; const path = process.argv[1]; ${body}`;
  const node = [process.execPath, "--input-type=module", "--eval", script, join(directory, "rows.csv")];
  const [command = "", ...args] = [...before, ...node];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [stdout, [, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { stdout, signal: signal as string | null };
}

test.runIf(platform() === "linux")("a disk that takes a part of the rows leaves no file, and says so", async () => {
  const body = `await writeWhole(path, ["x".repeat(3000)]).catch(({ code }) => console.log(code));`;
  const limited = await inChild(body, "bash", "-c", 'ulimit -f 1 && exec "$@"', "bash");
  expect([limited.stdout, await readdir(directory)]).toEqual(["ERR_DIRECTORY_UNWRITABLE\n", []]);
});

test.runIf(process.env["SLOW"] === "1")(
  "kill -9 between two rows: the event is there, no file of the name is, and the next writing points at what is left",
  async () => {
    const { stdout, signal } = await inChild(`
      const fs = await import("node:fs");
      function* rows() { yield "raw\\r\\n"; process.kill(process.pid, "SIGKILL"); yield "more\\r\\n"; }
      await writeWhole(path, rows(), { note: () => fs.writeSync(1, "noted") });`);
    expect([stdout, signal, await readdir(directory)]).toEqual(["noted", "SIGKILL", [".rows.csv.part"]]);
    const next = writeWhole(join(directory, "rows.csv"), ["row"]);
    await expect(next).rejects.toMatchObject({ code: "ERR_USAGE", message: expect.stringContaining(".rows.csv.part") });
    expect(await readFile(join(directory, ".rows.csv.part"), "utf8")).toBe("raw\r\n");
  },
);

test("rows are RFC 4180, missing is nothing, empty is quoted, and no text reads as a formula", () => {
  const dictionary = ["=1+1", "＋1", "-x", "＠a", "\tt", 'a"b', "a,b", "two\r\nlines", "", "中文😀"];
  const rowCount = dictionary.length + 1;
  const validity = Uint8Array.of(0xff, 0x03);
  const words: Column = {
    type: "dict",
    dictionary,
    values: Uint32Array.from({ length: rowCount }, (_, i) => i % 10),
    validity,
  };
  const numbers: Column = { type: "f64", values: Float64Array.from({ length: rowCount }, (_, i) => -i / 2) };
  const flags: Column = { type: "bool", values: Uint8Array.from({ length: rowCount }, (_, i) => i & 1) };
  const written = [...rowsCsv({ rowCount, columns: { text: words, numbers, flags } })].join("");
  expect(written.split("\r\n").slice(0, 6)).toEqual([
    "\uFEFFtext,numbers,flags",
    `"'=1+1",0,false`,
    `"'＋1",-0.5,true`,
    `"'-x",-1,false`,
    `"'＠a",-1.5,true`,
    `"'\tt",-2,false`,
  ]);
  expect(written).toContain(
    '"a""b",-2.5,true\r\n"a,b",-3,false\r\n"two\r\nlines",-3.5,true\r\n"",-4,false\r\n中文😀,-4.5,true\r\n,-5,false\r\n',
  );
});

test("many rows come in pieces, none lost", () => {
  const rowCount = 5_000;
  const pieces = [
    ...rowsCsv({
      rowCount,
      columns: { n: { type: "i32", values: Int32Array.from({ length: rowCount }, (_, i) => i) } },
    }),
  ];
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.join("").trimEnd().split("\r\n").slice(1).map(Number)).toEqual(
    Array.from({ length: rowCount }, (_, i) => i),
  );
});
