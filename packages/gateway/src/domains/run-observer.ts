/** Looks at runs in their domains and notes what follows from their end: the receipt is booked, the document is
 *  kept, a built product serves.
 *  @module */
import { documentHash, Run, SluiceError } from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { checkReceiptFits } from "../rules/receipt-fit.ts";
import { endRun, type HeldRun } from "../state/run-store.ts";

/** The run as it is now, its receipt with this gateway's proof.
 *  @throws ERR_UNREACHABLE, ERR_TIMEOUT; ERR_RECEIPT when the domain tells of another run */
export async function observeRun(
  context: Pick<GatewayContext, "domains" | "link" | "state" | "book" | "products" | "closing">,
  held: HeldRun,
): Promise<Run> {
  if (held.ended !== null) return held.ended;
  const address = context.domains.get(held.domain);
  const run = await context.link.json(
    address,
    { method: "GET", path: `/v1/runs/${held.callId}`, signal: context.closing },
    Run,
  );
  const { request, keyId } = held;
  if (request === null || keyId === null)
    throw new SluiceError("ERR_NOT_FOUND", { kind: "request", name: held.callId });
  const { body } = request;
  const same =
    run.callId === body.callId &&
    run.operation === body.operation &&
    run.grant === body.grant &&
    run.product === body.product &&
    run.version === body.version &&
    run.bundle === body.bundle;
  if (!same) throw new SluiceError("ERR_RECEIPT", { reason: "the domain tells of another run" });
  const { receipt, ...rest } = run;
  if (receipt === undefined) {
    if (run.state === "failed") await endRun(context.state.db, run);
    return run;
  }
  const answer = run.guardReport === undefined ? undefined : await documentHash(run.guardReport);
  await checkReceiptFits(receipt, { request: body, party: keyId, answer }, address.description);
  const ended: Run = { ...rest, receipt: await context.book.book(receipt, request) };
  if (run.operation === "build" && run.state === "completed") {
    await context.products.markServing(run.product, run.version);
  }
  if (run.state === "completed" || run.state === "failed") await endRun(context.state.db, ended);
  return ended;
}
