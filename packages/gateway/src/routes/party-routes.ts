/** Parties: the agency's signed statements, kept and passed on to every domain.
 *  @module */
import { verifySigned } from "@sluice/evidence";
import { MAX_CLOCK_SKEW_MS, Name, PartyList, SignedParty, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import type { GatewayContext } from "../context.ts";
import { PROBLEM_RESPONSES } from "../http/problems.ts";
import type { ZodServer } from "../http/zod-server.ts";

/** `PUT /v1/parties/{party}` and `GET /v1/parties`. */
export function partyRoutes(server: ZodServer, context: GatewayContext): void {
  const { parties, domains, delivery, config, clock } = context;

  server.put(
    "/v1/parties/:party",
    {
      schema: {
        summary: "Keep the agency's latest statement about a party",
        params: z.strictObject({ party: Name }),
        body: SignedParty,
        response: { 200: SignedParty, ...PROBLEM_RESPONSES },
      },
    },
    async ({ params, body: signed }) => {
      if (signed.body.party !== params.party) {
        throw new SluiceError("ERR_BODY_INVALID", { pointer: "/body/party", expected: "the party in the address" });
      }
      await verifySigned(signed, { required: [[config.agencyKey]] });
      // A statement of a far future could never be replaced.
      if (Date.parse(signed.body.at) > clock.now().getTime() + MAX_CLOCK_SKEW_MS) {
        throw new SluiceError("ERR_BODY_INVALID", { pointer: "/body/at", expected: "an instant that is not ahead" });
      }
      await context.changes.run("parties", () =>
        parties.put(
          signed,
          domains.all().map(({ domain }) => domain),
        ),
      );
      context.observer.log.write({ event: "party", party: signed.body.party, status: signed.body.status });
      await delivery.flush();
      return signed;
    },
  );

  server.get(
    "/v1/parties",
    { schema: { summary: "Latest statement about each party", response: { 200: PartyList, ...PROBLEM_RESPONSES } } },
    () => ({ parties: parties.statements() }),
  );
}
