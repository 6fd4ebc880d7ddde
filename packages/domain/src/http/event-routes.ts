/** Events of a period, for who explains the entries of this domain's log.
 *  @module */
import { createLogProof } from "@sluice/evidence";
import { EventQuery, fromHex, type EventPage } from "@sluice/protocol";
import type { FastifyInstance } from "fastify";
import type { DomainContext } from "../serve/context.ts";
import { parseBody } from "./errors.ts";

/** Events of one page. */
const PAGE_EVENTS = 100;

/** `GET /v1/events`. */
export function eventRoutes(server: FastifyInstance, context: DomainContext): void {
  server.get("/v1/events", async (request): Promise<EventPage> => {
    const { from, to, after } = parseBody(EventQuery, request.query);
    const held = context.events.between(from, to, Number(after ?? 0), PAGE_EVENTS);
    const items: EventPage["items"] = [];
    for (const { event, salt, logIndex } of held) {
      // Only logged ones are read.
      const domainLog = await createLogProof(context.log, logIndex ?? 0, fromHex(salt));
      items.push({ event, domainLog });
    }
    const last = held.at(-1);
    return { items, ...(last === undefined || held.length < PAGE_EVENTS ? {} : { next: String(last.id) }) };
  });
}
