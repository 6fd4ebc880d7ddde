/** A gateway with receipts of runs and calls, and its agency's environment, for `sluice audit export`.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPrivateKey } from "@sluice/evidence";
import type { TrustPins } from "@sluice/evidence/verify";
import { documentHash, encodeCall, type Grant, type Receipt } from "@sluice/protocol";
import { City, codeOf } from "../../gateway/test/city.ts";
import { temporaryDirectory } from "./captured-io.ts";

/** What documents say that must not become markup. */
export const HOSTILE = `</td><script>alert(1)</script><b title="x" '>&amp;`;

/** Documents of a city with something to see on its page. */
const DRAFT: Partial<Grant> = {
  scene: { scene: "credit", title: `普惠信贷 ${HOSTILE}`, purpose: "inclusive-credit", value: "小微借款人" },
  price: { kind: "per-unit", unit: "pir-query", amount: "0.05", currency: "CNY" },
  fields: [
    { name: "age", need: "a test" },
    { name: "region", need: "a test" },
  ],
  quotas: [{ operation: "lookup.query", amount: "100000" }],
};

/** A city with one product, a run that failed, a scene review in words, and `calls` calls. */
export async function auditCity(calls: number): Promise<City> {
  const city = await City.start();
  await city.domain.recordEvent("start");
  const draft = await city.draft(DRAFT);
  await city.send("lab", "POST", "/v1/scenes", city.proposal(draft));
  await city.send("group", "POST", "/v1/scenes/credit/reviews", { ...city.review("林华"), note: "字段必要，同意。" });
  await city.send("bureau", "POST", "/v1/scenes/credit/reviews", { ...city.scored("赵敏"), note: HOSTILE });
  await city.send("health", "POST", "/v1/grants", { grant: await city.signGrant(draft), policy: city.policy() });
  const grant = await documentHash(draft);
  const run = await city.reviewedRun(grant, "credit-label");
  const failure = { code: "ERR_JOB_MEMORY", details: {}, refusedBy: "sandbox" } as const;
  const failed = await city.developedRun(grant, "credit-label", { state: "failed", failure });
  await city.send("lab", "GET", `/v1/runs/${failed.callId}`);
  const signed = await city.releaseOf(run);
  await city.send("health", "POST", "/v1/releases", signed);
  const change: Partial<Receipt> = {
    release: await documentHash(signed.body),
    price: { kind: "per-unit", unit: "pir-query", amount: "0.05", currency: "CNY" },
  };
  for (let i = 0; i < calls; i++) {
    const use = { grant, product: "credit-label" };
    const envelope = await city.envelope(i % 3 === 0 ? "other-bank" : "bank", use);
    city.domain.bend = async (answer) => ({
      ...answer,
      receipt: await city.domain.receiptFor(envelope, answer.receipt.receipt.body.answer, change),
    });
    const sender = i % 3 === 0 ? "other-bank" : "bank";
    const answer = await city.send(sender, "POST", "/v1/calls", encodeCall(envelope));
    if (codeOf(answer) !== 200) throw new Error(`a call was refused: ${String(codeOf(answer))}`);
  }
  return city;
}

/** Environment of one of the city's parties. */
export async function environmentOf(city: City, actor: "bureau" | "bank" | "auditor"): Promise<Record<string, string>> {
  const directory = await temporaryDirectory();
  const [key, trust] = [join(directory, "party.key"), join(directory, "trust.json")];
  await writeFile(key, await exportPrivateKey(city.keys[actor]));
  await writeFile(trust, JSON.stringify(trustOf(city)));
  return { SLUICE_GATEWAY: city.gateway.url, SLUICE_KEY: key, SLUICE_TRUST: trust };
}

/** What a verifier of the city trusts. */
export function trustOf(city: City): TrustPins {
  const { receiptKey, logKey, logOrigin } = city.domain.description();
  return {
    domains: { health: { receiptKey, logKey, logOrigin, departmentKey: city.keys.health.keyId } },
    gateway: {
      key: city.identity.gatewayKey,
      logKey: city.identity.logKey,
      logOrigin: city.identity.logOrigin,
    },
    agencyKey: city.keys.bureau.keyId,
  };
}
