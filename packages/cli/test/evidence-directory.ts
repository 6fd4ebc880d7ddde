/** A directory of evidence with real keys, receipts and logs.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  commitment,
  createLogProof,
  generateKey,
  openLog,
  referTo,
  signDocument,
  type SigningKey,
} from "@sluice/evidence";
import {
  documentHash,
  documentText,
  type EvidencedReceipt,
  type EvidenceLog,
  type LogProof,
  type Operation,
  type Receipt,
} from "@sluice/protocol";
import { systemClock, systemRandom } from "@sluice/client";

const OPERATIONS: Operation[] = ["develop", "build", "lookup.evaluate", "lookup.query"];

/** Writes trust.json, `count` receipts of all operations, and the logs of gateway and domain below `directory`. */
export async function writeEvidenceDirectory(
  directory: string,
  count: number,
  signer?: SigningKey,
): Promise<EvidencedReceipt[]> {
  const [logKey, gatewayKey] = await Promise.all([generateKey(), generateKey()]);
  const receiptKey = signer ?? (await generateKey());
  const logs = join(directory, "logs");
  const domainOrigin = "sluice/domain/hrss";
  const gatewayOrigin = "sluice/gateway/city";
  const domainLog = await openLog(join(logs, "hrss"), { origin: domainOrigin, key: logKey, clock: systemClock });
  const gatewayLog = await openLog(join(logs, "gateway"), {
    origin: gatewayOrigin,
    key: gatewayKey,
    clock: systemClock,
  });
  const receipts: EvidencedReceipt[] = [];
  for (let i = 0; i < count; i++) {
    const values = { party: receiptKey.keyId, snapshot: "33".repeat(32) };
    const { references, openings } = referTo(values, systemRandom);
    const receipt = await signDocument(receiptBody(i, references), receiptKey);
    const booking = { type: "booking" as const, receipt: await documentHash(receipt), at: receipt.body.at };
    receipts.push({
      receipt,
      openings,
      domainLog: await prove(domainLog, receipt),
      booking: await signDocument(booking, gatewayKey),
      gatewayLog: await prove(gatewayLog, receipt),
    });
  }
  await domainLog.close();
  await gatewayLog.close();
  await mkdir(join(directory, "receipts"));
  for (const evidenced of receipts) await writeReceipt(directory, evidenced);
  const departmentKey = receiptKey.keyId;
  const trust = {
    domains: { hrss: { receiptKey: receiptKey.keyId, logKey: logKey.keyId, logOrigin: domainOrigin, departmentKey } },
    gateway: { key: gatewayKey.keyId, logKey: gatewayKey.keyId, logOrigin: gatewayOrigin },
    agencyKey: departmentKey,
  };
  await writeFile(join(directory, "trust.json"), JSON.stringify(trust));
  return receipts;
}

/** Writes one receipt where `verify` looks for it. */
export async function writeReceipt(directory: string, evidenced: EvidencedReceipt): Promise<void> {
  const file = join(directory, "receipts", `${evidenced.receipt.body.callId}.json`);
  await writeFile(file, documentText(evidenced));
}

function receiptBody(i: number, references: Pick<Receipt, "party" | "snapshot">): Receipt {
  const operation = OPERATIONS[i % OPERATIONS.length] ?? "develop";
  return {
    type: "receipt",
    callId: i.toString(16).padStart(32, "0"),
    operation,
    domain: "hrss",
    grant: "11".repeat(32),
    scene: "inclusive-credit",
    policy: "66".repeat(32),
    product: "credit-label",
    version: 1,
    bundle: "22".repeat(32),
    ...references,
    request: "44".repeat(32),
    answer: "55".repeat(32),
    quantity: { unit: "run", amount: "1" },
    price: { kind: "free", reason: "a test" },
    layers: ["isolate"],
    at: "2026-01-01T00:00:00.000Z",
  };
}

async function prove(log: EvidenceLog, document: unknown): Promise<LogProof> {
  const salt = systemRandom.bytes(32);
  const { index } = await log.append(commitment(document, salt));
  return await createLogProof(log, index, salt);
}
