/** `sluice selection`, against a gateway that answers truly: a selection is kept before it is sent, and outlives what ends early.
 *  @module */
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPrivateKey } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendProblem, StubCity } from "../../client/test/stub-city.ts";
import { selectionProduct } from "../../client/test/stub-products.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

let city: StubCity;
beforeAll(async () => {
  city = await StubCity.start({ "person-1": 1 }, { sums: selectionProduct([10, 20, 30, 40]) });
});
beforeEach(() => {
  city.hooks = {};
  city.calls.length = 0;
});
afterAll(() => city.close());

async function caller() {
  const directory = await temporaryDirectory();
  const [key, trust] = [join(directory, "bank.key"), join(directory, "trust.json")];
  await writeFile(key, await exportPrivateKey(city.caller));
  await writeFile(trust, JSON.stringify(city.trust));
  const env = { SLUICE_GATEWAY: city.url, SLUICE_KEY: key, SLUICE_TRUST: trust };
  const file = join(directory, "kept.selection");
  const register = (stdin: string) => sluice(["selection", "register", "sums", "-", "--keep", file], { env, stdin });
  return { directory, env, file, register };
}

test("a selection is registered, asked under and opened, and nothing of it is printed before the sums", async () => {
  const { env, file, register, directory } = await caller();
  const registered = await register("b\r\nd\nb\n");
  expect(registered.stdout).toMatch(
    /^registered [0-9a-f]{64}: 1 of 64 selections\nreceipt \w{32} selection\.register\n$/,
  );
  expect(registered.stderr).toBe("rule of use: Answers decide about nobody alone.\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const early = await sluice(["selection", "result", file]);
  expect([early.code, early.stderr]).toEqual([2, expect.stringContaining("keeps no answer yet")]);

  const receipts = join(directory, "receipts");
  const asked = await sluice(["selection", "ask", "sums", file, "--receipts", receipts], { env });
  expect(asked.stdout).toMatch(/^kept in .*: rows\nreceipt \w{32} selection\.sum\n$/);
  expect(await readdir(receipts)).toHaveLength(1);
  // Without gateway or key.
  const calls = city.calls.length;
  const { stdout } = await sluice(["selection", "result", file]);
  expect(stdout).toMatch(/^state 2026-01\nrows +60 +± 6 19 times out of 20\n$/);
  expect(city.calls).toHaveLength(calls);
  const json = JSON.parse((await sluice(["selection", "result", file, "--json"])).stdout);
  expect(json).toMatchObject({ product: "sums", answers: [{ sums: [{ measure: "rows", value: 60, epsilon: 0.5 }] }] });
  const secret = JSON.parse(await readFile(file, "utf8")).secret;
  expect(secret.length).toBe(43);
  for (const text of [registered.stdout, registered.stderr, asked.stdout, asked.stderr, stdout]) {
    expect(text).not.toContain(secret);
  }
});

test("what ended before the answer came goes on with the selection that was kept, and with no other", async () => {
  const { file, register } = await caller();
  city.hooks.call = (_envelope, response) => {
    sendProblem(response, new SluiceError("ERR_GRANT_EXPIRED", { notAfter: "2026-01-01T00:00:00.000Z" }));
    return Promise.resolve(true);
  };
  expect((await register("a\nb\n")).code).not.toBe(0);
  const kept = await readFile(file, "utf8");
  city.hooks = {};
  const other = await register("a\nc\n");
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("keeps another selection")]);
  expect((await register("b\na\n")).code).toBe(0);
  expect(await readFile(file, "utf8")).toBe(kept);
});

test("a file that others may read, or that does not hold, is refused before anything is asked; so is a selection that is too small", async () => {
  const { env, file, register } = await caller();
  const small = await register("a\n");
  expect([small.code, small.stderr]).not.toEqual([0, ""]);
  expect(small.stderr).toContain("ERR_SELECTION_TOTAL");
  await expect(stat(file)).rejects.toThrow("ENOENT");
  await register("a\nb\n");
  city.calls.length = 0;
  await chmod(file, 0o640);
  const shown = await sluice(["selection", "ask", "sums", file], { env });
  expect([shown.code, shown.stderr]).toEqual([2, expect.stringContaining("chmod 600")]);
  await chmod(file, 0o600);
  const document = JSON.parse(await readFile(file, "utf8"));
  for (const [change, place] of [
    [{ secret: "!" }, "/secret"],
    [{ version: 2 }, "/version"],
    [{ answers: [{}] }, "/answers/0/"],
  ] as const) {
    await writeFile(file, JSON.stringify({ ...document, ...change }));
    const { code, stderr } = await sluice(["selection", "ask", "sums", file], { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(place)]);
  }
  await writeFile(file, JSON.stringify({ ...document, secret: "A".repeat(43) }));
  expect((await sluice(["selection", "ask", "sums", file], { env })).stderr).toContain("ERR_SELECTION_REFUSED");
  expect(city.calls).toEqual([]);
  const without = await sluice(["selection", "register", "sums", "-"], { env, stdin: "a\nb\n" });
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("--keep is missing")]);
});

test("`product show` lists groups, measures and what a sum costs", async () => {
  const { env } = await caller();
  const { stdout } = await sluice(["product", "show", "sums"], { env });
  for (const line of ["groups +a; b; c; d", "select +2 or more", "sum of rows +costs ε = 0.5 once"]) {
    expect(stdout).toMatch(new RegExp(line));
  }
});
