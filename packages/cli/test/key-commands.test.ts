/** Keys under a passphrase, from the command line: what is printed and what is refused. @module */
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { expect, test } from "vitest";
import { checkKeys } from "../src/doctor/check-keys.ts";
import { readDataDirectory } from "../src/doctor/data-directory.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const OLD = "correct horse battery staple";
const NEW = "wrong donkey charger paperclip";

// Each key costs the half of a second that guessing it should: a long test. What it goes through is in `keys-home.test.ts`.
test.runIf(process.env["SLOW"] === "1")(
  "keys are made, opened and changed under a passphrase that is in no output and no file",
  async () => {
    const root = await temporaryDirectory();
    const domain = join(root, "hrss");
    const { keyId } = await generateKey();
    const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
    const [old, wide, fresh] = ["old", "wide", "fresh"].map((name) => join(root, name));
    if (old === undefined || wide === undefined || fresh === undefined) throw new Error("three files");
    await writeFile(old, `${OLD}\n`, { mode: 0o600 });
    await writeFile(wide, OLD, { mode: 0o600 });
    await chmod(wide, 0o644);
    await writeFile(fresh, NEW, { mode: 0o600 });
    const outputs: string[] = [];
    const run = async (args: readonly string[], env: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await sluice(args, { env });
      outputs.push(stdout, stderr);
      return { code, stderr, env };
    };

    const init = ["domain", "init", domain, "--domain", "hrss", ...pins];
    expect(await run([...init, "--passphrase-file", wide])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("others than its owner") as string,
    });
    expect((await run([...init, "--passphrase-file", old])).code).toBe(0);
    const found = await checkKeys(await readDataDirectory(domain));
    expect(found.map(({ verdict, fact }) => [verdict, fact])).toEqual([["ok", "domain hrss: 4 keys, as configured"]]);

    const file = join(root, "a.csv");
    await writeFile(file, "a\n1\n");
    const load = ["domain", "import", file, "--resource", "t", "--data", domain];
    expect((await run(load)).stderr).toContain("no passphrase was given");
    const denied = await run(load, { SLUICE_PASSPHRASE: NEW });
    expect(denied.stderr).toMatch(
      /^error ERR_KEY: key receipt cannot be used: its passphrase is wrong, or it was altered/,
    );
    expect(denied.env).toEqual({});
    expect((await run(load, { SLUICE_PASSPHRASE: OLD })).code).toBe(0);

    const change = ["keys", "passphrase", domain, "--new-passphrase-file", fresh];
    expect((await run(change, { SLUICE_PASSPHRASE: NEW })).stderr).toContain("ERR_KEY");
    expect((await run(change, { SLUICE_PASSPHRASE: OLD })).code).toBe(0);
    expect((await run(load, { SLUICE_PASSPHRASE: OLD })).stderr).toContain("ERR_KEY");
    expect((await run([...load, "--passphrase-file", fresh])).code).toBe(0);

    const retire = ["domain", "retire", domain, "--passphrase-file", fresh];
    expect((await run(retire)).stderr).toContain("confirm with --yes");
    expect((await run([...retire, "--yes"])).code).toBe(0);
    expect((await run([...load, "--passphrase-file", fresh])).stderr).toContain("ERR_DOMAIN_RETIRED");
    expect((await checkKeys(await readDataDirectory(domain))).map(({ verdict }) => verdict)).toEqual(["ok"]);

    for (const entry of await readdir(domain, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) outputs.push(await readFile(join(entry.parentPath, entry.name), "latin1"));
    }
    for (const output of outputs) for (const secret of [OLD, NEW, "PRIVATE"]) expect(output).not.toContain(secret);
  },
);
