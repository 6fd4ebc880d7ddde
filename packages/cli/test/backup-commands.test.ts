/** The backup commands: what they print, and what they refuse. What a backup holds is tested where it is made.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const long = test.runIf(process.env["SLOW"] === "1");

long(
  "`backup create`, `check` and `restore` take a gateway to another directory, and say what is not in it",
  async () => {
    const root = await temporaryDirectory();
    const [home, out, to] = [join(root, "gateway"), join(root, "backup"), join(root, "restored")];
    const { keyId } = await generateKey();
    await sluice(["gateway", "init", home, "--agency-key", keyId, "--plain-keys"]);
    const created = await sluice(["backup", "create", home, "--out", out]);
    expect([created.code, created.stderr]).toEqual([0, ""]);
    expect(created.stdout).toMatch(/^keys +not in it$/m);
    const sha256 = /^SHA-256 of backup\.json +([0-9a-f]{64})$/m.exec(created.stdout)?.[1];
    const checked = JSON.parse((await sluice(["backup", "check", out, "--json"])).stdout) as Record<string, unknown>;
    expect(checked).toMatchObject({ ok: true, kind: "gateway", logSize: 0, receipts: 0, sha256 });
    const restored = await sluice(["backup", "restore", out, "--to", to, "--keys", join(home, "keys")]);
    expect([restored.code, restored.stdout]).toEqual([0, expect.stringContaining("with 0 entries in its log")]);
    expect((await readdir(join(to, "keys"))).toSorted()).toEqual((await readdir(join(home, "keys"))).toSorted());
    expect((await sluice(["backup", "restore", out, "--to", join(root, "bare")])).stdout).toMatch(
      /^it has no keys yet/m,
    );

    const twice = await sluice(["backup", "create", home, "--out", out]);
    expect([twice.code, twice.stderr]).toEqual([
      1,
      expect.stringMatching(/^error ERR_BACKUP: .+not empty\nwhat to do: /),
    ]);
    expect((await sluice(["backup", "create", root, "--out", join(root, "none")])).code).toBe(2);
    expect((await sluice(["backup", "create", home])).code).toBe(2);
    const none = await sluice(["backup", "check", home]);
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("no valid backup.json")]);
  },
);

// Three keys under scrypt.
test.runIf(process.env["SLOW"] === "1")(
  "keys go into a backup when they are under a passphrase, and then it restores without any given",
  async () => {
    const root = await temporaryDirectory();
    const [sealed, plain] = [join(root, "sealed"), join(root, "plain")];
    const { keyId } = await generateKey();
    const env = { SLUICE_PASSPHRASE: "correct horse battery staple" };
    await sluice(["gateway", "init", sealed, "--agency-key", keyId], { env });
    await sluice(["gateway", "init", plain, "--agency-key", keyId, "--plain-keys"]);
    const out = join(root, "backup");
    const refused = await sluice(["backup", "create", plain, "--out", out, "--with-keys"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^error ERR_KEY: key keys\/\w+\.key /)]);
    expect((await readdir(root)).toSorted()).toEqual(["plain", "sealed"]);
    const created = await sluice(["backup", "create", sealed, "--out", out, "--with-keys"]);
    expect([created.code, created.stdout]).toEqual([0, expect.stringContaining("under their passphrase")]);
    const to = join(root, "restored");
    expect((await sluice(["backup", "restore", out, "--to", to, "--keys", join(plain, "keys")])).code).toBe(1);
    expect((await sluice(["backup", "restore", out, "--to", to])).stdout).not.toContain("no keys");
    expect((await readdir(join(to, "keys"))).toSorted()).toEqual((await readdir(join(sealed, "keys"))).toSorted());
  },
);
