/** Receipts for the benchmark: issued as a domain does it — references committed to, body signed, entry logged, proof under
 *  a checkpoint — and verified as a stranger does it, from pinned keys alone.
 *  @module */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  commitment,
  createLogProof,
  generateKey,
  generateSm2Key,
  openLog,
  referTo,
  signDocument,
  verifyReceipt,
  type DirectoryLog,
  type SigningKey,
  type TrustPins,
} from "@sluice/evidence";
import type { Bytes, EvidencedReceipt, Receipt, SuiteId } from "@sluice/protocol";

const ORIGIN = "log.example/receipts";
const HASH = "5a".repeat(32);
/** Receipts that are issued at the same time. */
const IN_FLIGHT = 8;
const random = { bytes: (length: number): Bytes => new Uint8Array(randomBytes(length)) };

/** A domain that issues receipts in one suite; in `sm2`, checkpoints have and need the SM2 line too. */
export type Issuer = {
  readonly suite: SuiteId;
  readonly key: SigningKey;
  readonly log: DirectoryLog;
  readonly trust: TrustPins;
};

/** A new issuer below `directory`. */
export async function openIssuer(directory: string, suite: SuiteId): Promise<Issuer> {
  const [logKey, sm2Key] = [await generateKey(), await generateSm2Key()];
  const key = suite === "sm2" ? await generateSm2Key() : await generateKey();
  const path = join(directory, `issuer-${suite}`);
  const clock = { now: () => new Date() };
  const log = await openLog(path, { origin: ORIGIN, key: logKey, ...(suite === "sm2" ? { sm2Key } : {}), clock });
  const pins = {
    receiptKey: key.keyId,
    logKey: logKey.keyId,
    ...(suite === "sm2" ? { logSm2Key: sm2Key.keyId } : {}),
    logOrigin: ORIGIN,
    departmentKey: logKey.keyId,
  };
  const gateway = { key: logKey.keyId, logKey: logKey.keyId, logOrigin: "log.example/gateway" };
  return { suite, key, log, trust: { domains: { hrss: pins }, gateway, agencyKey: logKey.keyId } };
}

/** Issues `count` receipts, a few at a time. */
export async function issueReceipts({ key, log }: Issuer, count: number): Promise<EvidencedReceipt[]> {
  const issued: EvidencedReceipt[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun++ < count) {
      const { references, openings } = referTo({ party: key.keyId, snapshot: HASH }, random);
      const receipt = await signDocument(bodyWith(references), key);
      const salt = random.bytes(32);
      const { index } = await log.append(commitment(receipt, salt));
      issued.push({ receipt, openings, domainLog: await createLogProof(log, index, salt) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return issued;
}

/** Verifies receipts one after the other. @throws ERR_RECEIPT */
export async function verifyReceipts({ trust }: Issuer, receipts: readonly EvidencedReceipt[]): Promise<void> {
  for (const receipt of receipts) await verifyReceipt(receipt, trust);
}

function bodyWith(references: Pick<Receipt, "party" | "snapshot">): Receipt {
  return {
    type: "receipt",
    callId: randomBytes(16).toString("hex"),
    operation: "lookup.query",
    domain: "hrss",
    grant: HASH,
    scene: "inclusive-credit",
    policy: HASH,
    product: "credit-label",
    version: 1,
    bundle: HASH,
    release: HASH,
    ...references,
    request: HASH,
    answer: HASH,
    quantity: { unit: "pir-query", amount: "1" },
    price: { kind: "free", reason: "benchmark" },
    layers: ["isolate", "process", "namespaces"],
    at: new Date().toISOString(),
  };
}
