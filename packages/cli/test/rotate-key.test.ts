/** Rotation of signing keys, from the command line: what an operator types, in the order of the documentation. @module */
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { Keyring } from "@sluice/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { checkKeys } from "../src/doctor/check-keys.ts";
import { readDataDirectory } from "../src/doctor/data-directory.ts";
import { pinRows } from "../src/verifier/pin-rows.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const Rotated = z.strictObject({ nextKey: z.string(), pin: z.union([z.string(), Keyring]) });

long(
  "a gateway's key is prepared, pinned by the domain and taken into use; a domain's receipt key is replaced",
  async () => {
    const city = await temporaryDirectory();
    const [gateway, domain] = [join(city, "gateway"), join(city, "domains", "hrss")];
    await mkdir(join(city, "domains"));
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await sluice(args);
      expect([code, stderr], args.join(" ")).toEqual([0, ""]);
      return stdout;
    };
    const verdicts = async () =>
      (await checkKeys(await readDataDirectory(city))).map(({ verdict, fact }) => [verdict, fact]);
    const pinsFit = ["ok", "domain hrss pins this gateway and its agency"];
    const { keyId } = await generateKey();
    const made = await run("gateway", "init", gateway, "--agency-key", keyId, "--plain-keys", "--json");
    const { gatewayKey } = z.object({ gatewayKey: z.string() }).parse(JSON.parse(made));
    const pins = ["agency", "department", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
    await run("domain", "init", domain, "--domain", "hrss", "--plain-keys", ...pins, "--gateway-key", gatewayKey);
    expect(await verdicts()).toContainEqual(pinsFit);

    const prepared = Rotated.parse(JSON.parse(await run("gateway", "rotate-key", gateway, "--prepare", "--json")));
    expect(prepared.pin).toBe(gatewayKey);
    const until = "2099-01-01T00:00:00+08:00";
    const pinned = await run("domain", "pin-gateway", domain, "--gateway-key", prepared.nextKey, "--until", until);
    expect(pinned).toBe(`${gatewayKey} until 2098-12-31T16:00:00.000Z\n${prepared.nextKey}\n`);
    const rotated = await run("gateway", "rotate-key", gateway);
    expect(rotated).toContain(`${prepared.nextKey} signs from now on; gateway.key of trust.json:`);
    expect(await verdicts()).toContainEqual(pinsFit);

    const receipts = await run("domain", "rotate-key", domain, "--suite", "sm2", "--overlap-hours", "0", "--json");
    const { nextKey, pin } = Rotated.parse(JSON.parse(receipts));
    expect(nextKey).toMatch(/^sm2:/);
    const config: unknown = JSON.parse(await readFile(join(domain, "domain.json"), "utf8"));
    expect(config).toMatchObject({ receiptKey: pin });
    const noFailure = async () => expect((await verdicts()).filter(([verdict]) => verdict === "failure")).toEqual([]);
    await noFailure();
    // As a process leaves it that ended between decision and files.
    await rename(join(domain, "keys", "receipt.key"), join(domain, "keys", "receipt-next.key"));
    await noFailure();
    const listed = await run("crypto", "list", "--data", domain, "--json");
    for (const key of [nextKey, prepared.nextKey, gatewayKey]) expect(listed).toContain(key);

    const foreign = await sluice(["domain", "pin-gateway", domain, "--gateway-key", gatewayKey]);
    expect(foreign.stderr).toMatch(/^error ERR_BODY_INVALID: .+\nwhat to do: .+\n$/);
    const wrong: [string[], string][] = [
      [["domain", "pin-gateway", domain], "--gateway-key is missing"],
      [
        ["domain", "pin-gateway", domain, "--gateway-key", keyId, "--until", "tomorrow"],
        '"--until" expected an instant',
      ],
      [["domain", "rotate-key", domain, "--overlap-hours", "9999"], '"--overlap-hours" expected integer'],
      [["gateway", "rotate-key", domain], "ERR_DIRECTORY_STATE"],
    ];
    for (const [args, said] of wrong) expect((await sluice(args)).stderr).toContain(said);
  },
);

long("the verifier's page shows every pinned key of a signer, and when each counts", async () => {
  const [old, next] = [(await generateKey()).keyId, (await generateKey()).keyId];
  const log = { logKey: old, logOrigin: "log.example/gateway" };
  const at = "2026-02-01T00:00:00.000Z";
  const key = [
    { keyId: old, until: at },
    { keyId: next, from: at },
  ];
  const rows = pinRows({ domains: {}, gateway: { key, ...log }, agencyKey: old });
  expect(rows.map(({ use, key: shown }) => [use.en, use.zh, shown])).toEqual([
    ["signatures", "签名", old],
    [`bookings (until ${at})`, `记账签名（至 ${at}）`, old],
    [`bookings (from ${at})`, `记账签名（自 ${at}）`, next],
    ["log", "日志检查点", old],
  ]);
});
