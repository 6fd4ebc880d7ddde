/** Aggregations over several domains: an agreement that all departments signed is kept and relayed; how far it is; and the sealed
 *  result of a domain for who may have it.
 *  @module */
import { currentKey, verifySigned } from "@sluice/evidence";
import {
  AggregateStanding,
  BINARY_MEDIA_TYPE,
  checkAggregateAgreement,
  documentHash,
  MAX_FRAME_BYTES,
  Sha256Hex,
  SignedAggregate,
  SignedAggregateAsk,
  SluiceError,
  type AggregateAgreement,
  type Party,
} from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { BinaryBody } from "../http/bodies.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import { signerOf } from "../http/request-members.ts";
import type { ZodServer } from "../http/zod-server.ts";
import { refuseSuspendedSigners } from "../rules/roles.ts";
import { findAggregate, putAggregate, type HeldAggregate } from "../state/aggregate-store.ts";

/** Aggregations that a gateway relays at a time. */
const MAX_RUNNING = 32;

/** `POST /v1/aggregates`, `GET /v1/aggregates/{aggregate}` and `POST /v1/aggregate-results`. */
export function aggregateRoutes(server: ZodServer, context: GatewayContext): void {
  const standing = { 200: AggregateStanding, ...PROBLEM_RESPONSES };
  server.post(
    "/v1/aggregates",
    {
      schema: {
        summary: "Begin an aggregation that all of its departments signed",
        body: SignedAggregate,
        response: standing,
      },
    },
    async (request) => {
      const signed = request.body;
      requireConcerned(signerOf(request), signed.body, "begin this aggregation");
      return await context.changes.run(`aggregate ${signed.body.plan.id}`, () => begin(context, signed));
    },
  );
  server.get(
    "/v1/aggregates/:aggregate",
    {
      config: { signed: true },
      schema: {
        summary: "How far an aggregation is, for its recipient, its departments and the agency",
        params: z.strictObject({ aggregate: Sha256Hex }),
        response: standing,
      },
    },
    async (request) => {
      const { aggregate } = request.params;
      const held = await findAggregate(context.state.db, aggregate);
      if (held === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "aggregation", name: aggregate });
      requireConcerned(signerOf(request), held.agreement.body, "see this aggregation");
      return shown(held);
    },
  );
  server.post(
    "/v1/aggregate-results",
    {
      schema: {
        summary: "The result of a domain, sealed to its recipient or department (SignedAggregateAsk → SealedQuery)",
        body: SignedAggregateAsk,
        produces: [BINARY_MEDIA_TYPE],
        response: { 200: { content: { [BINARY_MEDIA_TYPE]: { schema: BinaryBody } } }, ...PROBLEM_RESPONSES },
      },
    },
    async (request, reply) => {
      const ask = request.body;
      const sealed = await context.link.bytes(context.domains.get(ask.body.domain), {
        method: "POST",
        path: "/v1/aggregate-results",
        json: ask,
        maxAnswerBytes: MAX_FRAME_BYTES,
      });
      return reply.type(BINARY_MEDIA_TYPE).send(Buffer.from(sealed));
    },
  );
}

/** Keeps and relays what can be relayed. What the domains make of it is their own decision.
 *  @throws ERR_AGGREGATE_PLAN, ERR_SIGNATURE, ERR_PARTY_SUSPENDED, ERR_NOT_FOUND, ERR_POOL_FULL */
async function begin(context: GatewayContext, signed: SignedAggregate): Promise<AggregateStanding> {
  const { db } = context.state;
  const aggregate = await documentHash(signed.body);
  const known = await findAggregate(db, aggregate);
  if (known !== null) return shown(known);
  const { plan, terms } = signed.body;
  await checkAggregateAgreement(signed.body);
  await verifySigned(signed, { required: terms.members.map(({ department }) => [department]) });
  refuseSuspendedSigners(context.parties, signed.signatures);
  for (const { party, key } of plan.parties) {
    if (currentKey(context.domains.get(party).description.receiptKey) !== key) {
      throw new SluiceError("ERR_AGGREGATE_PLAN", { field: "plan.parties", expected: `the present key of ${party}` });
    }
  }
  if (!(context.clock.now().getTime() < Date.parse(terms.deadline))) {
    throw new SluiceError("ERR_AGGREGATE_PLAN", { field: "terms.deadline", expected: "a time to come" });
  }
  if (context.aggregates.size >= MAX_RUNNING) throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_RUNNING });
  await putAggregate(db, signed, context.clock.now());
  const held = await findAggregate(db, aggregate);
  if (held === null) throw new TypeError("what was kept is there");
  context.aggregates.start(held);
  return shown(held);
}

/** @throws ERR_ROLE */
function requireConcerned({ keyId, role }: Party, { terms }: AggregateAgreement, action: string): void {
  const concerned = [terms.recipient?.keyId, ...terms.members.map(({ department }) => department)];
  if (role === "agency" || concerned.includes(keyId)) return;
  throw new SluiceError("ERR_ROLE", { role, action, needed: "its recipient, or the department of one of its domains" });
}

function shown({ place: _place, ...standing }: HeldAggregate): AggregateStanding {
  return standing;
}
