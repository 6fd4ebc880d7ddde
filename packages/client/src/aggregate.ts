/** Aggregations over several domains, for the recipient and the departments: to begin one that all departments signed, to see how far
 *  it is, and to open what each domain has signed of the sum. Every domain that stayed has computed it: one that signs another result
 *  than the others is found.
 *  @module */
import { logIdentity, verifyLogProof, verifySignedAt, type TrustPins } from "@sluice/evidence/verify";
import { openQuery, SealKeyPair } from "@sluice/evidence/seal";
import { signDocument, type SigningKey } from "@sluice/evidence/sign";
import {
  aggregateSealContext,
  AggregateStanding,
  documentHash,
  EvidencedAggregateResult,
  MAX_FRAME_BYTES,
  utf8,
  type AggregateAgreement,
  type AggregateAsk,
  type AggregateResult,
  type Name,
  type Random,
  type SignedAggregate,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { refusal } from "./refusal.ts";
import { parseAs, parseJson } from "./response-body.ts";
import type { Transport } from "./transport.ts";

const SEAL_SECRET_BYTES = 32;

/** What these calls need. */
export interface AggregateContext {
  readonly transport: Transport;
  readonly key: SigningKey;
  readonly trust: TrustPins;
  readonly random: Random;
}

/** Begins an aggregation; one that has begun goes on. */
export async function beginAggregate(
  { transport }: AggregateContext,
  signed: SignedAggregate,
  { signal }: CallOptions,
): Promise<AggregateStanding> {
  const body = { mediaType: "application/json", bytes: utf8(JSON.stringify(signed)) };
  return await transport.json({ method: "POST", path: "/v1/aggregates", body, signal }, AggregateStanding);
}

/** Opens and checks what `domain` has signed of the sum: its key, its place in the log, and that it is of this agreement. */
async function aggregateResult(
  { transport, key, trust, random }: AggregateContext,
  { agreement, domain }: { readonly agreement: AggregateAgreement; readonly domain: Name },
  { signal }: CallOptions,
): Promise<EvidencedAggregateResult> {
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined) throw refusal("ERR_RECEIPT", { reason: `no keys of domain ${domain} are pinned` });
  const pair = await SealKeyPair.derive(random.bytes(SEAL_SECRET_BYTES));
  const hash = await documentHash(agreement);
  const ask: AggregateAsk = { type: "aggregate-ask", domain, agreement: hash, sealKey: pair.sealKey };
  const bytes = utf8(JSON.stringify(await signDocument(ask, key)));
  const body = { mediaType: "application/json", bytes };
  const exchange = { method: "POST", path: "/v1/aggregate-results", body, signal } as const;
  const sealed = await transport.bytes(exchange, MAX_FRAME_BYTES);
  const { content } = await openQuery(pair, sealed, await aggregateSealContext(ask));
  const evidenced = parseAs(EvidencedAggregateResult, parseJson(content));
  await checkResult(evidenced, { agreement, hash, domain }, pins);
  return evidenced;
}

/** What all of `domains` have signed of the sum: the same.
 *  @throws ERR_NOT_ADMITTED, ERR_STATE; ERR_RECEIPT, ERR_SIGNATURE, ERR_LOG, ERR_SEAL when one does not hold; ERR_AGGREGATE_DIFFERS */
export async function agreedResults(
  context: AggregateContext,
  { agreement, domains }: { readonly agreement: AggregateAgreement; readonly domains: readonly Name[] },
  options: CallOptions,
): Promise<EvidencedAggregateResult[]> {
  const results: EvidencedAggregateResult[] = [];
  for (const domain of domains) {
    const result = await aggregateResult(context, { agreement, domain }, options);
    const [first] = results;
    if (first !== undefined && saidBy(first) !== saidBy(result)) {
      throw refusal("ERR_AGGREGATE_DIFFERS", { one: first.result.body.domain, other: domain });
    }
    results.push(result);
  }
  return results;
}

function saidBy({ result }: EvidencedAggregateResult): string {
  const { survivors, sum }: AggregateResult = result.body;
  return JSON.stringify([survivors, sum]);
}

async function checkResult(
  { result, evidence }: EvidencedAggregateResult,
  expected: { readonly agreement: AggregateAgreement; readonly hash: string; readonly domain: Name },
  pins: TrustPins["domains"][string],
): Promise<void> {
  const { body } = result;
  const of = body.domain === expected.domain && body.agreement === expected.hash;
  if (!of) throw refusal("ERR_RECEIPT", { reason: "the result is of another aggregation" });
  await verifySignedAt(result, pins.receiptKey, body.at);
  await verifySignedAt(evidence.event, pins.receiptKey, evidence.event.body.at);
  const { kind, subject, domain } = evidence.event.body;
  if (domain !== body.domain || kind !== "aggregate-result" || subject !== (await documentHash(body))) {
    throw refusal("ERR_RECEIPT", { reason: "the event beside the result is not of it" });
  }
  await verifyLogProof(evidence.domainLog, evidence.event, logIdentity(pins));
}
