/** The broker process: owns the sandbox and its children. It gets a job's code and dictionaries, names to the store process
 *  the pipe by which its child gets the columns, carries the bytes that come out to a decoder, and hands back what the
 *  decoder wrote; it reads none of them. It has no keys, no store and no other table.
 *
 *  Started by `workshop.ts` with requests on descriptor 3 and answers on descriptor 4; it ends when the requests do.
 *  Arguments: the isolation layers that must be there, and after `production:` those that production runs need.
 *  @module */
import { Socket } from "node:net";
import { isErrorCode, isSluiceError, utf8, type Bytes, type SealedJob } from "@sluice/protocol";
import { createSandboxRunner, SANDBOX_LAYERS, type RemoteTable } from "@sluice/sandbox";
import { BrokerRequest, MAX_BROKER_REQUEST_BYTES, type BrokerAnswer } from "./broker-protocol.ts";
import type { ArrivingMessage } from "./message-parser.ts";
import { receiveArriving, writeMessage } from "./messages.ts";
import { shapeFromParts, tableFromParts, type TableHead } from "./table-parts.ts";

const answers = new Socket({ fd: 4, readable: false, writable: true });
answers.on("error", () => process.exit(1));

const required = SANDBOX_LAYERS.filter((layer) => process.argv.includes(layer));
const requireInProduction = SANDBOX_LAYERS.filter((layer) => process.argv.includes(`production:${layer}`));
let opening: ReturnType<typeof createSandboxRunner> | undefined = open();
opening.catch(() => undefined);
const running = new Map<number, AbortController>();
const replies = new Map<number, (message: ArrivingMessage | undefined) => void>();

function open(): ReturnType<typeof createSandboxRunner> {
  const searchPath = process.env["PATH"] ?? "";
  return createSandboxRunner({ require: required, requireInProduction, searchPath, feeds: true });
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
    await Promise.all(arrived);
    const { table } = request;
    const outcome = await runner.run(sealedJob(request, parts), {
      signal: cancel.signal,
      remote: table === undefined ? undefined : remoteTable(id, table, parts),
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
  const { entry, environment, seed, limits, model, params } = request;
  const read = request.manifest?.read;
  return {
    bundle: parts[0] ?? new Uint8Array(0),
    entry,
    environment,
    seed,
    limits,
    ...(read === undefined ? {} : { read }),
    ...(model === undefined ? {} : { model }),
    ...(params === undefined ? {} : { params }),
  };
}

/** The table of a run, which the store process holds. */
function remoteTable(id: number, head: TableHead, dictionaries: readonly Bytes[]): RemoteTable {
  return {
    shape: shapeFromParts(head, dictionaries),
    ask: async (fd) => {
      const reply = await asked(id, { kind: "want", id, ...(fd === undefined ? {} : { fd }) });
      if (reply === undefined) return "fed";
      // Columns pass through while they come.
      const { parts, arrived } = reply;
      const whole = new Map(parts.map((part, i) => [part.buffer, arrived[i]]));
      return { table: tableFromParts(head, parts, dictionaries), arrived: async ({ buffer }) => whole.get(buffer) };
    },
    askBatch: async (index, rows) => void (await asked(id, { kind: "wantBatch", id, index, rows })),
  };
}

/** Sends a question of a run, which has one at a time, and waits for the reply, which may come when the run has ended. */
function asked(id: number, question: BrokerAnswer): Promise<ArrivingMessage | undefined> {
  return new Promise((resolve) => {
    replies.set(id, resolve);
    void answer(question);
  });
}

function reply(id: number, message?: ArrivingMessage): void {
  const resolve = replies.get(id);
  replies.delete(id);
  resolve?.(message);
}

function answer(head: BrokerAnswer, parts: readonly Bytes[] = []): Promise<void> {
  return writeMessage(answers, head, parts).catch(() => process.exit(1));
}

for await (const message of receiveArriving(3, MAX_BROKER_REQUEST_BYTES)) {
  const request = BrokerRequest.parse(message.head);
  if (request.kind === "run") void run(request, message);
  else if (request.kind === "cancel") running.get(request.id)?.abort();
  else if (request.kind === "columns") reply(request.id, message);
  else reply(request.id);
}
for (const cancel of running.values()) cancel.abort();
await opening?.then((runner) => runner.close()).catch(() => undefined);
process.exit(0);
