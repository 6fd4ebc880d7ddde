/** What the agency collects for a regulator: the receipts of a period, reviews of runs, and the public files of the
 *  domains' logs, which it may not reach itself. Everything here is signed by others and verified by who reads it.
 *  @module */
import { isLogPath, parseAnchorPath } from "@sluice/evidence";
import {
  BINARY_MEDIA_TYPE,
  EventPage,
  EventQuery,
  Name,
  Random128,
  ReceiptPage,
  ReceiptQuery,
  RunReviews,
  SluiceError,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { requireRole } from "../rules/roles.ts";
import { runReviewState } from "../rules/run-rules.ts";
import { receiptsBetween } from "../state/receipt-store.ts";
import { readReviews, reviewRecord } from "../state/review-store.ts";
import { findRun } from "../state/run-store.ts";
import { evidencedReceipt } from "../work/receipt-book.ts";

/** Receipts of one page: about a mebibyte at most. */
const PAGE_RECEIPTS = 100;
/** A full tile of hashes or entries is below 9 KiB; a checkpoint is 4 KiB at most. */
const MAX_LOG_FILE_BYTES = 16_384;

/** Routes for the agency alone. */
export function auditRoutes(server: ZodServer, context: GatewayContext): void {
  server.get(
    "/v1/receipts",
    {
      config: { signed: true },
      schema: {
        summary: "Receipts of a period in pages, for the agency",
        querystring: ReceiptQuery,
        response: { 200: ReceiptPage, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "list receipts", "agency");
      return readPage(context, request.query);
    },
  );

  server.get(
    "/v1/runs/:callId/reviews",
    {
      config: { signed: true },
      schema: {
        summary: "Reviews of a run, for the agency",
        params: z.strictObject({ callId: Random128 }),
        response: { 200: RunReviews, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "read reviews of a run", "agency");
      const { callId } = request.params;
      const { db } = context.state;
      if ((await findRun(db, callId)) === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId });
      const reviews = await readReviews(db, { kind: "run", name: callId });
      return { callId, state: runReviewState(reviews), reviews: reviews.map(reviewRecord) };
    },
  );

  server.get(
    "/v1/domains/:domain/events",
    {
      config: { signed: true },
      schema: {
        summary: "Events of a domain in pages, for the agency",
        params: z.strictObject({ domain: Name }),
        querystring: EventQuery,
        response: { 200: EventPage, ...PROBLEM_RESPONSES },
      },
    },
    async (request) => {
      requireRole(signerOf(request), "read events of a domain", "agency");
      const { from, to, after } = request.query;
      const query = new URLSearchParams({ from, to, ...(after === undefined ? {} : { after }) });
      const path = `/v1/events?${query.toString()}`;
      return context.link.json(context.domains.get(request.params.domain), { method: "GET", path }, EventPage);
    },
  );

  server.get(
    "/v1/domains/:domain/log/*",
    {
      config: { signed: true },
      schema: {
        summary: "A public file of a domain's log, or a record of its anchors, for the agency",
        params: z.strictObject({ domain: Name, "*": z.string().max(128) }),
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      requireRole(signerOf(request), "read a domain's log through the gateway", "agency");
      const { domain, "*": path } = request.params;
      if (!isLogPath(path) && parseAnchorPath(path) === null) throw new SluiceError("ERR_ROUTE_UNKNOWN");
      const { buffer, byteOffset, byteLength } = await context.link.bytes(context.domains.get(domain), {
        method: "GET",
        path: `/log/${path}`,
        maxAnswerBytes: MAX_LOG_FILE_BYTES,
      });
      return reply
        .type(BINARY_MEDIA_TYPE)
        .header("cache-control", "no-store")
        .send(Buffer.from(buffer, byteOffset, byteLength));
    },
  );
}

async function readPage({ state }: GatewayContext, query: ReceiptQuery): Promise<ReceiptPage> {
  const held = await receiptsBetween(state.db, query, PAGE_RECEIPTS);
  const items = held.flatMap((one) => {
    const { gatewayLog, request } = one;
    // A receipt without this log's proof is on its way to its first reader.
    if (gatewayLog === null) return [];
    return [{ receipt: evidencedReceipt(one, gatewayLog), ...(request === null ? {} : { request }) }];
  });
  const last = held.at(-1)?.receipt.body;
  return { items, ...(last === undefined || held.length < PAGE_RECEIPTS ? {} : { next: `${last.at}_${last.callId}` }) };
}
