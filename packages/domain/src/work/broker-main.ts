/** The broker process: owns the sandbox and its children. It gets one job's code and columns at a time, carries the bytes
 *  that come out to a decoder, and hands back what the decoder wrote; it reads neither. It has no keys, no store and no other table.
 *
 *  Started by `workshop.ts` with requests on descriptor 3 and answers on descriptor 4; it ends when the requests do.
 *  Arguments: the isolation layers that must be there, and after `production:` those that production runs need.
 *  @module */
import { Socket } from "node:net";
import { isErrorCode, isSluiceError, utf8, type Bytes, type SealedJob } from "@sluice/protocol";
import { createSandboxRunner, SANDBOX_LAYERS } from "@sluice/sandbox";
import { BrokerRequest, MAX_BROKER_REQUEST_BYTES, type BrokerAnswer } from "./broker-protocol.ts";
import type { ArrivingMessage } from "./message-parser.ts";
import { receiveArriving, writeMessage } from "./messages.ts";
import { tableFromParts } from "./table-parts.ts";

const answers = new Socket({ fd: 4, readable: false, writable: true });
answers.on("error", () => process.exit(1));

const required = SANDBOX_LAYERS.filter((layer) => process.argv.includes(layer));
const requireInProduction = SANDBOX_LAYERS.filter((layer) => process.argv.includes(`production:${layer}`));
let opening: ReturnType<typeof createSandboxRunner> | undefined = open();
opening.catch(() => undefined);
const running = new Map<number, AbortController>();

function open(): ReturnType<typeof createSandboxRunner> {
  return createSandboxRunner({ require: required, requireInProduction, searchPath: process.env["PATH"] ?? "" });
}

/** The sandbox. One that could not be opened is tried again by the next run: what it lacked may be there by then. */
async function sandbox(): ReturnType<typeof createSandboxRunner> {
  const opened = (opening ??= open());
  try {
    return await opened;
  } catch (error) {
    if (opening === opened) opening = undefined;
    throw error;
  }
}

type RunRequest = Extract<BrokerRequest, { kind: "run" }>;

async function run(request: RunRequest, { parts, arrived }: ArrivingMessage): Promise<void> {
  const { id } = request;
  const cancel = new AbortController();
  running.set(id, cancel);
  try {
    const runner = await sandbox();
    // Bundle and dictionaries are read here; columns pass through while they come.
    const dictionaries = request.table?.columns.flatMap(({ dictionary }) => dictionary ?? []) ?? [];
    await Promise.all([0, ...dictionaries].map(async (index) => arrived[index]));
    const whole = new Map(parts.map((part, i) => [part.buffer, arrived[i]]));
    const outcome = await runner.run(sealedJob(request, parts), {
      signal: cancel.signal,
      arrived: async ({ buffer }) => whole.get(buffer),
      onEvent: (event) => {
        if (event.kind === "progress") void answer({ kind: "progress", id, percent: event.percent });
        else if (event.kind === "metric") void answer({ kind: "metric", id, name: event.name, value: event.value });
        else void answer({ kind: "log", id }, [utf8(event.line)]);
      },
    });
    const { wallMs } = outcome;
    if (!outcome.ok) {
      const { code, details, layers } = outcome;
      return await answer({ kind: "refused", id, by: "sandbox", code, details, layers, wallMs });
    }
    const decoded = await runner.decode(outcome.output, request.manifest ?? null, { signal: cancel.signal });
    // A layer counts when both processes had it; an isolate is the job's alone.
    const layers = outcome.layers.filter((layer) => layer === "isolate" || decoded.layers.includes(layer));
    if (decoded.ok) return await answer({ kind: "result", id, layers, wallMs }, [decoded.form]);
    const { code, details } = decoded;
    await answer({ kind: "refused", id, by: "decoder", code, details, layers, wallMs });
  } catch (error) {
    const known = isSluiceError(error) && isErrorCode(error.code);
    const refusal = known
      ? { code: error.code, details: error.details }
      : { code: "ERR_SANDBOX_START" as const, details: {} };
    await answer({ kind: "refused", id, by: "sandbox", ...refusal, layers: [], wallMs: 0 });
  } finally {
    running.delete(id);
  }
}

function sealedJob(request: RunRequest, parts: readonly Bytes[]): SealedJob {
  const { entry, environment, seed, limits, table, model, params } = request;
  const read = request.manifest?.read;
  return {
    bundle: parts[0] ?? new Uint8Array(0),
    entry,
    environment,
    seed,
    limits,
    ...(table === undefined ? {} : { table: tableFromParts(table, parts) }),
    ...(read === undefined ? {} : { read }),
    ...(model === undefined ? {} : { model }),
    ...(params === undefined ? {} : { params }),
  };
}

function answer(head: BrokerAnswer, parts: readonly Bytes[] = []): Promise<void> {
  return writeMessage(answers, head, parts).catch(() => process.exit(1));
}

for await (const message of receiveArriving(3, MAX_BROKER_REQUEST_BYTES)) {
  const request = BrokerRequest.parse(message.head);
  if (request.kind === "run") void run(request, message);
  else running.get(request.id)?.abort();
}
for (const cancel of running.values()) cancel.abort();
await opening?.then((runner) => runner.close()).catch(() => undefined);
process.exit(0);
