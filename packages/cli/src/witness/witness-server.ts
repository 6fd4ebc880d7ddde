/** The HTTP side of a witness: `POST /add-checkpoint` (C2SP tlog-witness), and the last checkpoint of each log.
 *  @module */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { MAX_ADD_CHECKPOINT_CHARS, type Witness, type WitnessAnswer } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";
import type { Serving } from "../serving.ts";

/** Bytes of a character outside ASCII, of which a checkpoint has few. */
const MAX_BODY_BYTES = MAX_ADD_CHECKPOINT_CHARS * 3;
const REQUEST_TIMEOUT_MS = 10_000;
const TEXT = "text/plain; charset=utf-8";

/** Serves `witness`. `onFault` hears of what it could not answer. @throws ERR_PORT_IN_USE */
export async function serveWitness(
  witness: Pick<Witness, "addCheckpoint" | "showCheckpoint">,
  { host, port, onFault }: { host: string; port: number; onFault: (error: unknown) => void },
): Promise<Serving> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS });
  server.on("request", (request, response) => {
    answer(witness, request).then(
      (answered) => send(response, answered),
      (error: unknown) => {
        onFault(error);
        send(response, { status: 500, contentType: TEXT, body: "the checkpoint was not cosigned\n" });
      },
    );
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new SluiceError("ERR_PORT_IN_USE", { address: `${host}:${port}` }, { cause });
  }
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const close = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`, close };
}

async function answer(
  witness: Pick<Witness, "addCheckpoint" | "showCheckpoint">,
  request: IncomingMessage,
): Promise<WitnessAnswer> {
  const shown = request.method === "GET" ? await witness.showCheckpoint(request.url ?? "") : null;
  if (shown !== null) return shown;
  if (request.url !== "/add-checkpoint") return { status: 404, contentType: TEXT, body: "POST /add-checkpoint\n" };
  if (request.method !== "POST") return { status: 405, contentType: TEXT, body: "POST /add-checkpoint\n" };
  const body = await readBody(request);
  if (body === null) return { status: 413, contentType: TEXT, body: "the body is too long\n" };
  return await witness.addCheckpoint(body);
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, { status, contentType, body }: WitnessAnswer): void {
  response.writeHead(status, { "content-type": contentType, "cache-control": "no-store" });
  response.end(body);
}
