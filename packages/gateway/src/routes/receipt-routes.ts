/** The whole chain of a call, for its parties: request, receipt, product, release, development run, build, grant, policy,
 *  scene. The reader verifies it; `verifyCallChain` of `evidence` says which hash ties each step to the next.
 *  @module */
import {
  documentHash,
  Random128,
  ReceiptChain,
  SluiceError,
  type Party,
  type ReviewedRun,
  type Run,
  type SignedRelease,
} from "@sluice/protocol";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { mayReadCall } from "../rules/call-readers.ts";
import { findReceipt, type HeldReceipt } from "../state/receipt-store.ts";
import { readReviews, reviewRecord } from "../state/review-store.ts";
import { endedRuns, findRun } from "../state/run-store.ts";
import { describeScene, sceneOfGrant } from "../state/scene-store.ts";
import type { Tables } from "../state/tables.ts";
import { evidencedReceipt } from "../work/receipt-book.ts";

/** `GET /v1/receipts/{callId}`. */
export function receiptRoutes(server: ZodServer, context: GatewayContext): void {
  server.get(
    "/v1/receipts/:callId",
    {
      config: { signed: true },
      schema: {
        summary: "A call's receipt and everything it rests on, for the parties of the call",
        params: z.strictObject({ callId: Random128 }),
        response: { 200: ReceiptChain, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => readChain(context, request.params.callId, signerOf(request)),
  );
}

async function readChain(context: GatewayContext, callId: string, reader: Party): Promise<ReceiptChain> {
  const { state, products } = context;
  const held = await findReceipt(state.db, callId);
  const scene = held === null ? null : await sceneOfGrant(state.db, held.receipt.body.grant);
  const grant = scene?.grant ?? null;
  // A receipt without this log's proof is on its way to its first reader.
  const readable =
    held !== null && held.gatewayLog !== null && mayReadCall(reader, held.openings.party?.value ?? null, grant, "call");
  if (!readable) throw new SluiceError("ERR_NOT_FOUND", { kind: "receipt", name: callId });
  const { body } = held.receipt;
  const release = body.release === undefined ? null : await products.release(body.product, body.version);
  const development = await developmentOf(context, held, release);
  const build = await buildOf(context, held);
  return {
    receipt: evidencedReceipt(held, held.gatewayLog),
    ...(held.request === null ? {} : { request: held.request }),
    ...(release === null ? {} : { product: products.get(body.product, body.version), release }),
    ...(development === null ? {} : { development }),
    ...(build === null ? {} : { build }),
    ...(grant === null ? {} : { grant }),
    ...(scene === null ? {} : { policy: scene.proposal.policy, scene: await describeScene(state.db, scene) }),
  };
}

/** The run that the release is of, or that the receipt is of. */
async function developmentOf(
  { state: { db } }: GatewayContext,
  { receipt: { body } }: HeldReceipt,
  release: SignedRelease | null,
): Promise<ReviewedRun | null> {
  const run = body.operation === "develop" ? (await findRun(db, body.callId))?.ended : await releasedRun(db, release);
  if (run === undefined || run === null) return null;
  return { run, reviews: (await readReviews(db, { kind: "run", name: run.callId })).map(reviewRecord) };
}

async function releasedRun(db: Kysely<Tables>, release: SignedRelease | null): Promise<Run | null> {
  if (release === null) return null;
  for (const run of await endedRuns(db, { ...release.body, operation: "develop" })) {
    const { guardReport } = run;
    if (guardReport !== undefined && (await documentHash(guardReport)) === release.body.guardReport) return run;
  }
  return null;
}

/** The build that made what answered, or that the receipt is of. */
async function buildOf(
  { state: { db } }: GatewayContext,
  { receipt: { body }, openings }: HeldReceipt,
): Promise<Run | null> {
  if (body.operation === "develop") return null;
  if (body.operation === "build") return (await findRun(db, body.callId))?.ended ?? null;
  const builds = await endedRuns(db, { ...body, operation: "build" });
  return builds.find(({ snapshot }) => snapshot !== undefined && snapshot === openings.snapshot?.value) ?? null;
}
