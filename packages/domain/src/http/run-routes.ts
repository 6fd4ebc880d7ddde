/** Runs: submit, look, watch.
 *  @module */
import { Readable } from "node:stream";
import { SluiceError, type Run } from "@sluice/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { DomainContext } from "../serve/context.ts";
import type { NumberedEvent } from "../serve/run-events.ts";
import { submitBuild, submitJob } from "../serve/submit.ts";
import { callBody } from "./body.ts";

/** Routes of development and build runs. */
export function runRoutes(server: FastifyInstance, context: DomainContext): void {
  server.post("/v1/jobs", async (request, reply) => reply.code(202).send(await submitJob(context, callBody(request))));
  server.post("/v1/builds", async (request, reply) =>
    reply.code(202).send(await submitBuild(context, callBody(request))),
  );
  server.get<{ Params: { callId: string } }>("/v1/runs/:callId", async (request) =>
    findRun(context, request.params.callId),
  );
  server.get<{ Params: { callId: string } }>("/v1/runs/:callId/events", async (request, reply) => {
    const run = findRun(context, request.params.callId);
    const closed = new AbortController();
    request.raw.once("close", () => closed.abort());
    reply.raw.once("close", () => closed.abort());
    return reply
      .type("text/event-stream")
      .header("cache-control", "no-store")
      .send(Readable.from(eventText(context, run, lastEventId(request), closed.signal)));
  });
}

function findRun(context: DomainContext, callId: string): Run {
  const run = context.work.run(callId);
  if (run === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: callId });
  return run;
}

function lastEventId(request: FastifyRequest): number {
  const id = Number(request.headers["last-event-id"] ?? 0);
  return Number.isSafeInteger(id) && id >= 0 ? id : 0;
}

async function* eventText(
  context: DomainContext,
  run: Run,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  // A run that ended in an earlier process has no events here: its end is the one thing to say.
  if (run.state === "completed" || run.state === "failed") {
    const past = context.runner.events.past(run.callId);
    if (past.length === 0) {
      yield frameText({ id: after + 1, event: { kind: "state", state: run.state } });
      return;
    }
  }
  for await (const numbered of context.runner.events.watch(run.callId, after, signal)) yield frameText(numbered);
}

function frameText({ id, event }: NumberedEvent): string {
  return `id: ${id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}
