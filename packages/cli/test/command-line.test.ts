/** What a person types, and what the command says to it.
 *  @module */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { importPrivateKey, importSigningKey } from "@sluice/evidence";
import { ERROR_CATALOGUE, KeyId } from "@sluice/protocol";
import { expect, test } from "vitest";
import { processIo } from "../src/command-line.ts";
import { COMMANDS } from "../src/command-table.ts";
import { isNodeSupported } from "../src/node-version.ts";
import { formatTable } from "../src/table.ts";
import { sluice, temporaryDirectory, type Outcome } from "./captured-io.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The error was printed once, with its remedy, and nothing else was. */
function expectError({ code, stdout, stderr }: Outcome, errorCode: string, exitCode: number, ...facts: string[]): void {
  expect(stderr.match(/^error /gm)).toHaveLength(1);
  expect(stderr).toMatch(new RegExp(`^error ${errorCode}: .+\n(refused by: .+\n)?what to do: .+\n$`));
  for (const fact of facts) expect(stderr).toContain(fact);
  expect(stdout).toBe("");
  expect(code).toBe(exitCode);
}

test.each(COMMANDS.map(({ path, positionals, options, summary }) => ({ path, positionals, options, summary })))(
  "$path has a help that names its arguments and options",
  async ({ path, positionals, options, summary }) => {
    for (const args of [
      [...path, "--help"],
      ["help", ...path],
    ]) {
      const { code, stdout, stderr } = await sluice(args);
      expect(code).toBe(0);
      expect(stderr).toBe("");
      expect(stdout).toContain(`Usage: sluice ${[...path, ...positionals].join(" ")}`);
      expect(stdout).toContain(summary);
      for (const name of Object.keys(options)) expect(stdout).toContain(`--${name}`);
    }
  },
);

test("every command refuses an unknown option and a wrong number of arguments", async () => {
  for (const { path, positionals } of COMMANDS) {
    expectError(await sluice([...path, ...positionals, "--bogus"]), "ERR_USAGE", 2, "--bogus");
    const takesMore = positionals.at(-1)?.endsWith("…") === true;
    const wrong = takesMore ? positionals.slice(0, -1) : [...positionals, "surplus"];
    expectError(await sluice([...path, ...wrong]), "ERR_USAGE", 2, path.join(" "));
  }
});

test("no words, `help` and `--help` list every command", async () => {
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    const { code, stdout } = await sluice(args);
    expect(code).toBe(0);
    for (const { path } of COMMANDS) expect(stdout).toContain(path.join(" "));
  }
});

test("a group without its second word lists what it has", async () => {
  expectError(await sluice(["domain"]), "ERR_USAGE", 2, "init, start, import");
  const { code, stdout } = await sluice(["domain", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain("domain import FILE");
  expect(stdout).not.toContain("gateway init");
});

test("an unknown command, or an option without a command, is a usage error", async () => {
  expectError(await sluice(["frobnicate"]), "ERR_USAGE", 2, "frobnicate");
  expectError(await sluice(["domain", "frobnicate"]), "ERR_USAGE", 2, "init, start, import");
  expectError(await sluice(["--frobnicate"]), "ERR_USAGE", 2, "--frobnicate");
});

const KEY = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const INIT = ["--agency-key", KEY, "--department-key", KEY, "--gateway-key", KEY, "--recovery-key", KEY];
const SUBMIT = ["job", "submit", "job.ts", "--domain", "hrss", "--product", "credit"];

test.each<[string, string[], string]>([
  ["a missing option", ["gateway", "init", "dir"], "--agency-key is missing"],
  ["a key that is none", ["gateway", "init", "dir", "--agency-key", "abc"], "--agency-key"],
  ["a name with capitals", ["domain", "init", "dir", "--domain", "HRSS", ...INIT], "--domain"],
  ["keys that nothing says how to keep", ["gateway", "init", "dir", "--agency-key", KEY], "--plain-keys, for trials"],
  ["a suite of keys that is none", ["gateway", "init", "dir", "--agency-key", KEY, "--suite", "rsa"], "--suite"],
  ["a suite that is none", ["domain", "init", "dir", "--domain", "a", ...INIT, "--at-rest", "des"], "--at-rest"],
  ["a port out of range", ["domain", "start", "dir", "--port", "65536"], "[0, 65535]"],
  ["a port that is no number", ["gateway", "start", "dir", "--port", "http"], "--port"],
  ["a negative number", ["demo", "--rows=-5"], "--rows"],
  ["an empty data directory", ["demo", "--data", ""], "--data"],
  ["a resource without a name", ["domain", "import", "a.csv", "--data", "dir"], "--resource is missing"],
  [
    "an unknown frequency",
    ["domain", "import", "a.csv", "--data", "dir", "--resource", "r", "--frequency", "hourly"],
    "--frequency",
  ],
  [
    "a fields file that is not there",
    ["domain", "import", "a.csv", "--data", "dir", "--resource", "r", "--fields", "no-such.json"],
    "no-such.json does not exist",
  ],
  ["a grant that is no hash", [...SUBMIT, "--grant", "abc"], "--grant"],
  ["a version of zero", [...SUBMIT, "--grant", "11".repeat(32), "--version", "0"], "--version"],
  ["no gateway", ["product", "list"], "SLUICE_GATEWAY"],
  ["no key", ["product", "list", "--gateway", "http://127.0.0.1:1"], "SLUICE_KEY"],
  ["no trust file", ["run", "show", "ab", "--gateway", "http://127.0.0.1:1", "--key", "k"], "SLUICE_TRUST"],
])("%s is one usage error", async (_, args, fact) => {
  expectError(await sluice(args), "ERR_USAGE", 2, fact);
});

test("--json gives an error as a document on standard output too", async () => {
  const { code, stdout } = await sluice(["product", "list", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: "ERR_USAGE" } });
  expect(code).toBe(2);
});

test("a fault of our own is told as ERR_INTERNAL with a reference", async () => {
  const stdout = {
    write: () => {
      throw new RangeError("the stream is gone");
    },
  };
  const lines: string[] = [];
  const { runCommandLine } = await import("../src/command-line.ts");
  const code = await runCommandLine(["errors"], {
    stdout,
    stderr: { write: (text) => lines.push(text) },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: new AbortController().signal,
  });
  expect(code).toBe(1);
  const reference = /reference is (\w+)/.exec(lines.join(""))?.[1];
  expect(lines[0]).toContain(`${reference}: RangeError`);
});

test("a new key lies in a file that only its owner reads, and only its id is printed", async () => {
  const file = join(await temporaryDirectory(), "bank.key");
  const { code, stdout, stderr } = await sluice(["keys", "new", file]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(KeyId.parse(stdout.trim())).toBe((await importPrivateKey(await readFile(file, "utf8"))).keyId);
  expect(stdout).not.toContain("PRIVATE");
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const before = await readFile(file, "utf8");
  expectError(await sluice(["keys", "new", file]), "ERR_CONFLICT", 1, file);
  expect(await readFile(file, "utf8")).toBe(before);
});

test("a key of the suite that is asked for is made, and an unknown suite is refused before any file is", async () => {
  const file = join(await temporaryDirectory(), "office.key");
  expectError(await sluice(["keys", "new", file, "--suite", "sm9"]), "ERR_USAGE", 2, "ed25519, sm2");
  const env = { SLUICE_SUITE: "rsa" };
  expectError(
    await sluice(["keys", "new", file], { env }),
    "ERR_USAGE",
    2,
    "SLUICE_SUITE expected one of ed25519, sm2",
  );
  const { code, stdout } = await sluice(["keys", "new", file, "--suite", "sm2"]);
  expect(code).toBe(0);
  expect(KeyId.parse(stdout.trim())).toMatch(/^sm2:/);
  expect((await importSigningKey(await readFile(file, "utf8"))).keyId).toBe(stdout.trim());
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("a key cannot be written where there is no directory", async () => {
  const directory = join(await temporaryDirectory(), "missing");
  expectError(await sluice(["keys", "new", join(directory, "a.key")]), "ERR_DIRECTORY_UNWRITABLE", 1, directory);
});

test("a key or trust file that cannot be used is named, and none of its text is printed", async () => {
  const directory = await temporaryDirectory();
  const key = join(directory, "bank.key");
  const trust = join(directory, "trust.json");
  const list = ["product", "list", "--gateway", "http://127.0.0.1:1", "--key", key, "--trust", trust];
  expectError(await sluice(list), "ERR_USAGE", 2, `${trust} does not exist`);
  await writeFile(trust, "{ not json");
  expectError(await sluice(list), "ERR_USAGE", 2, `${trust} is not JSON`);
  await writeFile(trust, JSON.stringify({ domains: {}, gateway: {}, agencyKey: KEY }));
  expectError(await sluice(list), "ERR_USAGE", 2, trust, "/gateway/key");
  const pins = { domains: {}, gateway: { key: KEY, logKey: KEY, logOrigin: "sluice/gateway" }, agencyKey: KEY };
  await writeFile(trust, JSON.stringify(pins));
  expectError(await sluice(list), "ERR_USAGE", 2, `${key} does not exist`);
  await writeFile(key, "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----\n");
  const outcome = await sluice(list);
  expectError(outcome, "ERR_USAGE", 2, key);
  expect(outcome.stderr).not.toContain("hush");
  await chmod(directory, 0o700);
});

test("a gateway that is not there is one error, with exit code 1", async () => {
  const directory = await temporaryDirectory();
  const key = join(directory, "bank.key");
  const trust = join(directory, "trust.json");
  await sluice(["keys", "new", key]);
  const pins = { domains: {}, gateway: { key: KEY, logKey: KEY, logOrigin: "sluice/gateway" }, agencyKey: KEY };
  await writeFile(trust, JSON.stringify(pins));
  const env = { SLUICE_GATEWAY: "http://127.0.0.1:9", SLUICE_KEY: key, SLUICE_TRUST: trust };
  expectError(await sluice(["product", "list"], { env }), "ERR_UNREACHABLE", 1, "http://127.0.0.1:9");
  env.SLUICE_GATEWAY = "gateway";
  expectError(await sluice(["product", "list"], { env }), "ERR_USAGE", 2);
});

test("`errors` prints the whole catalogue", async () => {
  const { stdout } = await sluice(["errors"]);
  for (const code of Object.keys(ERROR_CATALOGUE)) expect(stdout).toContain(code);
  const documents = JSON.parse((await sluice(["errors", "--json"])).stdout) as { code: string }[];
  expect(documents.map(({ code }) => code)).toEqual(Object.keys(ERROR_CATALOGUE));
});

test("Node below 24 is recognised", () => {
  for (const version of ["24.0.0", "24.21.0", "v26.1.0"]) expect(isNodeSupported(version)).toBe(true);
  for (const version of ["20.20.2", "23.11.0", "", "next"]) expect(isNodeSupported(version)).toBe(false);
});

test("tables align Chinese text by the columns it takes", () => {
  expect(
    formatTable([
      ["人社局", "x"],
      ["hrss", "y"],
    ]),
  ).toBe("人社局  x\nhrss    y");
});

test("the process exits with the code of the command, and prints to the right streams", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [MAIN, "--version"]);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const failure: unknown = await run(process.execPath, [MAIN, "frobnicate"]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 2, stdout: "" });
  expect(failure).toHaveProperty("stderr", expect.stringMatching(/^error ERR_USAGE: .*frobnicate.*\n/));
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s cancels the command, and a second one ends the process",
  (name) => {
    const before = process.listenerCount(name);
    const { io, dispose } = processIo();
    expect([process.listenerCount(name), io.signal.aborted]).toEqual([before + 1, false]);
    const [listener] = process.listeners(name).slice(-1);
    listener?.(name);
    expect([process.listenerCount(name), io.signal.aborted]).toEqual([before, true]);
    dispose();
  },
);

test("output that cannot be written ends the command with one error and no trace", async () => {
  const full = await open("/dev/full", "w");
  const child = spawn(process.execPath, [MAIN, "--version"], { stdio: ["ignore", full.fd, "pipe"] });
  if (child.stderr === null) throw new TypeError("no standard error");
  const [[code], stderr] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  await full.close();
  expectError({ code: Number(code), stdout: "", stderr }, "ERR_OUTPUT", 1);
});
