/** The whole chain of a call, for its parties: call → product → release → grant → scene.
 *  @module */
import { Random128, ReceiptChain, SluiceError, type Party } from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { mayReadCall } from "../rules/call-readers.ts";
import { findReceipt } from "../state/receipt-store.ts";
import { describeScene, sceneOfGrant } from "../state/scene-store.ts";
import { evidencedReceipt } from "../work/receipt-book.ts";

/** `GET /v1/receipts/{callId}`. */
export function receiptRoutes(server: ZodServer, context: GatewayContext): void {
  server.get(
    "/v1/receipts/:callId",
    {
      config: { signed: true },
      schema: {
        summary: "A call's receipt and what it rests on, for the parties of the call",
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
  return {
    receipt: evidencedReceipt(held, held.gatewayLog),
    ...(held.request === null ? {} : { request: held.request }),
    ...(release === null ? {} : { product: products.get(body.product, body.version), release }),
    ...(grant === null ? {} : { grant }),
    ...(scene === null ? {} : { scene: await describeScene(state.db, scene) }),
  };
}
